// Samples, finished or not, and what a network is told about each.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace steer {

using torch::Tensor;

// N samples of one space. What a kind of sample does not have is undefined and costs nothing. A tensor of
// numbers is a state.
struct State {
  State() = default;  // no samples
  // Of numbers alone.
  State(Tensor numbers) : x(std::move(numbers)) {}

  Tensor x;      // float [N, sizes...]: images, points, waves, positions with types
  Tensor token;  // int64 [N, T], or float [N, T, V], probabilities, where a gradient is wanted
  Tensor mask;   // bool [N, places]: 1 where there is something; undefined: everywhere

  bool defined() const { return x.defined() || token.defined(); }  // whether there are samples at all
  int64_t size() const;                                            // N; 0 for none
  State rows(const Tensor& index) const;                           // those of these rows, int64
  State narrow(int64_t at, int64_t count) const;                   // rows at .. at + count - 1
  State to(torch::Device device) const;                            // on that device
};

// One after the other; all have the same members defined.
State concatenated(const std::vector<State>& states);

// What a network is told about each row: a class, a degraded sample, numbers. Undefined members are not told.
struct Told {
  Tensor label;  // int64 [N]; -1 where there is no label
  State given;   // N samples that a condition is made from
  Tensor value =
      {};  // float [N, P]: numbers that a data set has of its samples, not finite where it has none

  Told rows(const Tensor& index) const;          // of these rows, int64
  Told narrow(int64_t at, int64_t count) const;  // of rows at .. at + count - 1
  Told to(torch::Device device) const;           // on that device
};

}  // namespace steer

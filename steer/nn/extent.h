// How much a network is, known from its options alone: what a file or a machine is asked for before anything
// is built.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// The tensors that a network's parameters are, and the numbers in them.
struct Extent {
  double tensors = 0;  // how many
  double numbers = 0;  // in all of them

  // Adds `times` tensors of this shape.
  void add(const std::vector<int64_t>& shape, int64_t times = 1);
};

// By so many tensors, and numbers in them, a network may exceed a file before it is built in vain: who then
// loads the tensors can name those that are missing.
constexpr double kTensorSlack = 1000, kNumberSlack = 1 << 24;

// Error, beginning with `what`, where a file's tensors are by more than that too few or too small to be such
// a network's.
void check_extent(const std::map<std::string, Tensor>& tensors, const Extent& extent,
                  const std::string& what);

}  // namespace steer

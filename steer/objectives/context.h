// What the words of an objective are about.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/core/state.h"

namespace steer {

// Samples of a known space, and what stands in for what the words leave out.
struct ObjectiveContext {
  Space space;  // of the samples

  // [T, sizes...]: stands for the sample that the words leave out (evaluation over a data set). Optional.
  Tensor truth;

  // A label() without a class asks `samples` targets in turn: target i for class (first_sample + i) modulo
  // the number of classes. 0: it is refused.
  int64_t first_sample = 0, samples = 0;

  uint64_t seed = 0;                   // of added noise: target i gets seed + i
  torch::Device device = torch::kCPU;  // where the samples are
  // Samples as texts, of kinds of sample that are read rather than looked at; empty for others.
  std::function<std::vector<std::string>(const State& samples)> texts = {};
  std::string fit;  // of files where the words name no fit=: resize, pad, or empty for the exact size only
};

}  // namespace steer

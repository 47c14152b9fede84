// Dropout for a while.
#pragma once

#include <torch/nn.h>

namespace steer {

// While it lives the module drops activations as in training; afterwards it does not.
class TrainingMode {
 public:
  explicit TrainingMode(torch::nn::Module& module) : module_(module) { module_.train(); }
  ~TrainingMode() { module_.eval(); }
  TrainingMode(const TrainingMode&) = delete;
  TrainingMode& operator=(const TrainingMode&) = delete;

 private:
  torch::nn::Module& module_;
};

}  // namespace steer

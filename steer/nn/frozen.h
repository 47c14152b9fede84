// Weights without gradients for a while.
#pragma once

#include <torch/nn.h>

#include <vector>

namespace steer {

// While it lives no parameter of the module asks for a gradient, so that what is differentiated through the
// module keeps nothing for its weights. One at a time for a module.
class Frozen {
 public:
  explicit Frozen(const torch::nn::Module& module) {
    for (at::Tensor& parameter : module.parameters()) {
      if (!parameter.requires_grad()) continue;
      parameter.set_requires_grad(false);
      thawed_.push_back(parameter);
    }
  }
  ~Frozen() {
    for (at::Tensor& parameter : thawed_) parameter.set_requires_grad(true);
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  std::vector<at::Tensor> thawed_;
};

}  // namespace steer

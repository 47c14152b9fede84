// Group normalisation (Wu and He 2018) with groups and epsilon of the caller's choice.
#pragma once

#include <torch/nn.h>

namespace steer {

using torch::Tensor;

// The affine map that a block tells each image beside the weights, (1 + scale) z + shift: both [B, C].
struct Modulation {
  Tensor scale, shift;  // of the formula
};

// Maps [B, C, H, W], float32 or bfloat16, over `groups` groups of channels; statistics are float32 sums.
struct GroupNormImpl : torch::nn::Module {
  // Error unless channels is a multiple of groups.
  GroupNormImpl(int64_t channels, int64_t groups, double epsilon, torch::Device device = torch::kCPU);

  // norm(x).
  Tensor forward(const Tensor& x) const;
  // silu(norm(x + offset)); offset [B, C] float32, undefined: none.
  Tensor silu(const Tensor& x, const Tensor& offset = {}) const;
  // silu((1 + scale) norm(x) + shift).
  Tensor silu(const Tensor& x, const Modulation& modulation) const;

  int64_t groups;  // of channels
  double epsilon;  // added to the variance
  Tensor weight;   // [channels]
  Tensor bias;     // [channels]
};
TORCH_MODULE(GroupNorm);

}  // namespace steer

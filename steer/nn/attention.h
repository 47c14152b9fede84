// Attention of all positions of a map to one another.
#pragma once

#include "steer/nn/group_norm.h"
#include "steer/nn/projection.h"

namespace steer {

// The shape of an attention.
struct AttentionOptions {
  int64_t channels = 0;                // C
  int64_t head_dim = 0;                // channels of one head; 0: one head of all
  int64_t groups = 32;                 // of the norm in front; 0: no norm
  double epsilon = 1e-5;               // added to the variance in the norm
  double scale = 1;                    // the sum with the input is divided by it
  bool zero_init = false;              // the last projection starts at zero
  torch::Device device = torch::kCPU;  // of the weights
};

// (x + to_out(softmax(q k' / sqrt(head_dim)) v)) / scale with q, k, v projections of norm(x) (Vaswani et al.
// 2017; Ho et al. 2020). x [B, C, H, W] float32 or bfloat16 in and out; products run in its type, the softmax
// in float32.
struct AttentionImpl : torch::nn::Module {
  // Error unless channels is a multiple of head_dim and of groups.
  explicit AttentionImpl(const AttentionOptions& options);

  Tensor forward(const Tensor& x) const;

  AttentionOptions options;       // as given, with the width of a head
  GroupNorm group_norm{nullptr};  // empty without groups
  Projection to_q{nullptr}, to_k{nullptr}, to_v{nullptr};
  torch::nn::ModuleList to_out{nullptr};  // one projection
};
TORCH_MODULE(Attention);

}  // namespace steer

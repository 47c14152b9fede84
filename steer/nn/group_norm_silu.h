// Group normalisation and SiLU in one pass over channels-last maps.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// silu(group_norm(x + offset)) of x [B, C, H, W], float32 or bfloat16. weight and bias, float32, are [C], or
// [B, C] for an affine map of each image's own; offset [B, C] float32 is what a channel of an image gets
// added, undefined: nothing. Sums are float32. Differentiable in all four. Channels-last maps on the
// processor take a fused kernel, all others the plain way; the result does not depend on the thread count.
Tensor group_norm_silu(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                       double epsilon, const Tensor& offset = {});

// The same by separate operations, as the reference.
Tensor group_norm_silu_plain(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                             double epsilon, const Tensor& offset = {});

}  // namespace steer

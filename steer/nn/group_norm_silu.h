// Group normalisation and SiLU in one pass over channels-last maps.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// silu(group_norm(x)) of x [B, C, H, W], float32 or bfloat16, with weight and bias [C] float32; sums are
// float32. Differentiable in all three. Channels-last maps on the processor take a fused kernel, all others
// the plain way; the result does not depend on the thread count.
Tensor group_norm_silu(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                       double epsilon);

// The same by separate operations, as the reference.
Tensor group_norm_silu_plain(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                             double epsilon);

}  // namespace steer

// SiLUs added up in one pass.
#pragma once

#include <torch/types.h>

#include <vector>

namespace steer {

using torch::Tensor;

// silu(x_1) + silu(x_2) + ..., one to three tensors of one shape and type, float32 or bfloat16; sums are
// float32. Differentiable. Tensors on the processor take a fused kernel, others the plain way.
Tensor silu_sum(const std::vector<Tensor>& x);

// The same by separate operations, as the reference.
Tensor silu_sum_plain(const std::vector<Tensor>& x);

}  // namespace steer

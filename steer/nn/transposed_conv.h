// Transposed convolutions in the number type of their input.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// The transposed convolution of x [B, in, H, W], float32 or bfloat16, by weight [in, out, k, k] and bias
// [out] (float32), of this stride and padding: [B, out, (H - 1) stride - 2 padding + k, ...]. Computed as
// what it is, the input gradient of a convolution: libtorch 1.13 takes a bfloat16 transposed convolution for
// a plain one, and its float32 one is slow on the processor. Differentiable once.
Tensor transposed_conv(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride,
                       int64_t padding);

}  // namespace steer

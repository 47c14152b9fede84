// Layer normalisation over whole channels-last maps, with what stands before it, in one pass.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// layer_norm(u) weight + bias over all C H W values of each image, where u = silu(x + offset), or x + offset
// where `silu` is false. x [B, C, H, W] is float32 or bfloat16, and so is the result; weight and bias
// [C, H, W] and offset [B or 1, C] are float32; undefined offset: nothing. Sums are float32. Differentiable
// in all four. Maps on the processor take a fused kernel, all others the plain way.
Tensor layer_norm_maps(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon, bool silu,
                       const Tensor& offset = {});

// The same by separate operations, as the reference.
Tensor layer_norm_maps_plain(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon,
                             bool silu, const Tensor& offset = {});

}  // namespace steer

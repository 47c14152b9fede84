// The images of chosen candidates, straight from channels-last features on the processor.
// Candidates::at_plain is the reference.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// W_k applied to each part of c' channels of the features [B, c, H, W], float32 or bfloat16, channels-last:
// [B, parts C, H, W] float32, part after part; k = index[b]. Differentiable in features and weight
// [K, C, c']; only the chosen rows of the weight's gradient are touched.
Tensor chosen_products(const Tensor& features, const Tensor& weight, const Tensor& index);

}  // namespace steer

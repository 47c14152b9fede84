// Distances of all candidates on the processor, straight from channels-last features [B, c, H, W], float32 or
// bfloat16. The plain tensor formulation in candidates.cpp is their reference.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Squared distances |W_k a + r|^2 of all candidates, weight [K, C, c'], summed over C and pixels: [B, K]. a
// is the first c' channels of the features, r the residual [B, C, H, W]; each pixel counts `pixel_weight` [B
// or 1, 1, H, W] times (undefined: once). Equal nodes get equal distances.
//
// By quadratic forms, w^T G w + 2 <w, R> + |r|^2 with G = sum a a^T and R = sum r a^T: the work grows with
// pixels plus K, not with their product. The `few` nearest are then measured directly, because sums of large
// numbers lose the digits of small distances, and no other comes to stand below one of them.
Tensor distances_by_forms(const Tensor& features, const Tensor& weight, const Tensor& residual,
                          const Tensor& pixel_weight, int64_t few);
// By measuring every candidate at every pixel, for maps of few pixels.
Tensor distances_directly(const Tensor& features, const Tensor& weight, const Tensor& residual,
                          const Tensor& pixel_weight);

}  // namespace steer

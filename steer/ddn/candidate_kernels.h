// Processor kernels behind Candidates: distances by the Gram identity and the chosen nodes' images, straight
// from channels-last features. The plain tensor formulation in candidates.cpp is their reference.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Whether the kernels below take these features [B, c, H, W]: on the processor, float32 or bfloat16,
// channels-last.
bool takes_kernels(const Tensor& features);

// Sums over pixels for each row, all float32: with a the first c' channels of the features and r the residual
// [B, C, H, W], each pixel counting `pixel_weight` [B or 1, 1, H, W] times (undefined: once).
struct GramSums {
  Tensor gram;    // [B, c', c']: sum a a^T
  Tensor cross;   // [B, C, c']: sum r a^T
  Tensor square;  // [B]: sum |r|^2
};
GramSums gram_sums(const Tensor& features, int64_t inner, const Tensor& residual, const Tensor& pixel_weight);

// Squared distance |W_k a + r|^2 over all pixels of the candidates index[b, m] (int64 [B, M]): [B, M].
Tensor distances_of(const Tensor& features, const Tensor& weight, const Tensor& residual,
                    const Tensor& pixel_weight, const Tensor& index);

// W_k applied to each part of c' channels of the features: [B, parts C, H, W] float32, part after part; k =
// index[b]. Differentiable in features and weight [K, C, c']; only the chosen rows of the weight's gradient
// are touched.
Tensor chosen_products(const Tensor& features, const Tensor& weight, const Tensor& index);

}  // namespace steer

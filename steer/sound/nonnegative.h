// Least squares with numbers of at least 0, for matrices whose columns reach over two neighbouring rows.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// x >= 0 with the smallest ||A x - b||, and among these the smallest ||x||, for each of the columns b of
// values [N, B, T]: float32 [N, F, T]. A [B, F] has no negative entries, and those of a column stand in one
// row or in two neighbouring ones, as mel filters do. Exact but for a bias of about 1e-7 of b: what is
// minimised is ||A x - b||^2 + e ||x||^2 with e 1e-7 of the largest row's ||A_i||^2. Errors for other shapes,
// for other matrices and for values that are not finite.
Tensor least_nonnegative(const Tensor& A, const Tensor& values);

}  // namespace steer

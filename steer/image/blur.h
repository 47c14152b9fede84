// Gaussian blur of pictures, as two passes along rows and columns.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// exp(-k^2 / (2 std^2)) at k = -radius..radius over their sum: float64 [2 radius + 1]. std > 0 in pixels,
// radius >= 0.
Tensor gaussian_kernel(double std, int64_t radius);

// Maps x [N, C, H, W], each blurred along both sides by a symmetric kernel [2 radius + 1], radius < H and W;
// pixels beyond the border are the mirror image of those within, the border pixel itself not repeated.
// Linear; keeps constants; differentiable; in the number type of x.
Tensor blurred(const Tensor& x, const Tensor& kernel);

}  // namespace steer

// How far one cloud of points is from another.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// The root of the mean, over `directions` >= 1 evenly spread directions, of the squared 2-Wasserstein
// distance between the projections of a [N, 2] and b [M, 2] (Bonneel et al. 2015): in the units of the
// coordinates, 0 for equal clouds. Of clouds of different size the quantiles are compared. Error for empty
// clouds and numbers that are not finite.
double sliced_wasserstein(const Tensor& a, const Tensor& b, int64_t directions = 64);

// The shares of points x [N, 2] in bins x bins cells of [-reach, reach]^2: cell_shares of the larger square.
Tensor shares_within(const Tensor& x, double reach, int64_t bins);

}  // namespace steer

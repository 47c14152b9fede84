// Where a path may be going: noise around what the denoiser makes of it (TreeG, destination; Guo et al.
// 2025).
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// `count` destinations for each row of x0 [B, ...]: x0 + std n, the first without noise; [B * count, ...],
// those of a row side by side. Seeds int64 [N], N dividing B; n is a function of a row's seed, its place
// among the rows of that seed, the destination's place and `draw`.
Tensor destinations(const Tensor& x0, const Tensor& seeds, int64_t count, double std, int64_t draw);

// The deviation of data of deviation data_std given xbar at sigma, if they were Gaussian: data_std sigma /
// sqrt(data_std^2 + sigma^2).
double open_deviation(double data_std, double sigma);

}  // namespace steer

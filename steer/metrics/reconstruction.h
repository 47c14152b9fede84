// How near images are to their truth, and how evenly a code uses its nodes.
#pragma once

#include <torch/types.h>

#include <vector>

namespace steer {

using torch::Tensor;

// Peak signal-to-noise ratio in dB of a mean squared error on [-1, 1]: 10 log10(4 / mse).
double psnr(double mse);
// The same of each image, float64 [N]; errors below 1e-12 count as that.
Tensor psnr(const Tensor& mse);

// Mean squared error of each of N samples, images [N, C, H, W] or other numbers [N, ...], where `mask` [N or
// 1, 1, ...] is 1 (undefined: everywhere): float64 [N].
Tensor masked_mse(const Tensor& images, const Tensor& truth, const Tensor& mask = {});

// Use of the K nodes at one layer.
struct NodeUsage {
  int64_t used;         // nodes that occur
  double entropy_bits;  // entropy of their frequencies; log2 K when all are used alike
};

// By indices int64 [N], below `candidates`.
NodeUsage node_usage(const Tensor& index, int64_t candidates);

}  // namespace steer

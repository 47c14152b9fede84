#include "steer/metrics/reconstruction.h"

#include <cmath>

namespace steer {

double psnr(double mse) {
  return 10 * std::log10(4 / mse);
}

Tensor psnr(const Tensor& mse) {
  return 10 * at::log10(4 / mse.clamp_min(1e-12));
}

Tensor masked_mse(const Tensor& images, const Tensor& truth, const Tensor& mask) {
  const Tensor square = (images - truth).to(torch::kFloat64).square();
  if (!mask.defined()) return square.flatten(1).mean(1);
  const Tensor weight = mask.to(torch::kFloat64).expand_as(square);
  return (square * weight).flatten(1).sum(1) / weight.flatten(1).sum(1);
}

NodeUsage node_usage(const Tensor& index, int64_t candidates) {
  const Tensor counts = at::bincount(index.flatten(), {}, candidates).to(torch::kFloat64);
  const Tensor p = counts / counts.sum();
  const Tensor used = p.masked_select(p > 0);
  return {used.numel(), -(used * used.log2()).sum().item<double>()};
}

}  // namespace steer

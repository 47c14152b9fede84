#include "steer/metrics/diversity.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/metrics/perceptual.h"

namespace steer {

double pixel_diversity(const Tensor& x) {
  STEER_CHECK(x.dim() > 0 && x.numel() > 0, "[diversity] expected samples [N, ...], N > 0, but got ",
              shape_text(x.sizes()));
  return std::sqrt(2 * x.var(0, false).mean().item<double>());
}

double token_diversity(const Tensor& token) {
  STEER_CHECK(token.dim() == 2 && token.numel() > 0, "[diversity] expected tokens [N, T], N > 0, but got ",
              shape_text(token.sizes()));
  // Two samples agree at a place by the sum of squares of its tokens' shares.
  double agree = 0;
  for (const Tensor& place : token.cpu().unbind(1)) {
    const Tensor share = std::get<2>(at::_unique2(place, true, false, true)).to(torch::kFloat64) /
                         static_cast<double>(token.size(0));
    agree += share.square().sum().item<double>();
  }
  return 1 - agree / static_cast<double>(token.size(1));
}

double feature_diversity(const Tensor& features) {
  // The mean of |u_i - u_j|^2 is twice the sum of variances, which no rounding brings below 0.
  return 2 * unit_rows(features).var(0, false).sum().item<double>();
}

}  // namespace steer

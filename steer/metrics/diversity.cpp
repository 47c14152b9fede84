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

double feature_diversity(const Tensor& features) {
  // The mean of |u_i - u_j|^2 is twice the sum of variances, which no rounding brings below 0.
  return 2 * unit_rows(features).var(0, false).sum().item<double>();
}

}  // namespace steer

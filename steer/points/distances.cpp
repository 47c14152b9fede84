#include "steer/points/distances.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/pi.h"
#include "steer/core/tensors.h"
#include "steer/points/densities.h"

namespace steer {
namespace {

void check_cloud(const Tensor& x) {
  STEER_CHECK(x.dim() == 2 && x.size(1) == 2 && x.size(0) > 0 && at::isfinite(x).all().item<bool>(),
              "[distance] expected finite points [N, 2], N > 0, but got ", shape_text(x.sizes()));
}

// The quantiles (i + 1/2) / count of each column of sorted values [N, D].
Tensor quantiles_of(const Tensor& sorted, int64_t count) {
  if (sorted.size(0) == count) return sorted;
  const Tensor share = (at::arange(count, sorted.options()) + 0.5) / static_cast<double>(count);
  const auto last = static_cast<double>(sorted.size(0) - 1);
  const Tensor place = (share * static_cast<double>(sorted.size(0)) - 0.5).clamp(0, last);
  const Tensor below = place.floor(), above = (below + 1).clamp_max(last);
  const Tensor rest = (place - below).unsqueeze(1);
  return at::lerp(sorted.index_select(0, below.to(torch::kInt64)),
                  sorted.index_select(0, above.to(torch::kInt64)), rest.expand({count, sorted.size(1)}));
}

}  // namespace

double sliced_wasserstein(const Tensor& a, const Tensor& b, int64_t directions) {
  check_cloud(a), check_cloud(b);
  STEER_CHECK(directions >= 1, "[distance] expected at least one direction but got ", directions);
  const Tensor angle = at::arange(directions, torch::kFloat64) * (kPi / static_cast<double>(directions));
  const Tensor along = at::stack({angle.cos(), angle.sin()});  // [2, D]
  const auto projected = [&](const Tensor& x) {
    return std::get<0>(x.to(torch::kCPU, torch::kFloat64).matmul(along).sort(0));
  };
  const int64_t count = std::max(a.size(0), b.size(0));
  const Tensor difference = quantiles_of(projected(a), count) - quantiles_of(projected(b), count);
  return std::sqrt(difference.square().mean().item<double>());
}

Tensor shares_within(const Tensor& x, double reach, int64_t bins) {
  return cell_shares(x.to(torch::kCPU, torch::kFloat64) / reach, bins);
}

}  // namespace steer

#include "steer/metrics/k_means.h"

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

// Squared distances [N, k].
Tensor squares(const Tensor& points, const Tensor& centre) {
  return at::cdist(points, centre).square();
}

// Centres that are points, each likely by its squared distance to those before.
Tensor first_centres(const Tensor& points, int64_t k, Random& random) {
  const auto count = static_cast<uint64_t>(points.size(0));
  Tensor centre = points.narrow(0, static_cast<int64_t>(random.below(count)), 1);
  Tensor nearest = squares(points, centre).select(1, 0).to(torch::kFloat64);
  while (centre.size(0) < k) {
    const Tensor sums = nearest.cumsum(0);
    const double all = sums[-1].item<double>();
    // Where all points stand on centres any will do.
    const Tensor at = at::full({1}, random.uniform() * all, sums.options());
    const int64_t chosen =
        all > 0 ? std::min(at::searchsorted(sums, at, false, true).item<int64_t>(), points.size(0) - 1)
                : static_cast<int64_t>(random.below(count));
    const Tensor added = points.narrow(0, chosen, 1);
    centre = at::cat({centre, added});
    nearest = at::minimum(nearest, squares(points, added).select(1, 0).to(torch::kFloat64));
  }
  return centre;
}

// Every group gets a point: an empty one the farthest of those whose group has others.
void fill(Tensor& group, const Tensor& distance, int64_t k) {
  Tensor counts = at::bincount(group, {}, k), far = distance.clone();
  for (int64_t i = 0; i < k; ++i) {
    if (counts[i].item<int64_t>() > 0) continue;
    const Tensor shared = counts.index_select(0, group) > 1;
    const int64_t row = at::where(shared, far, at::full_like(far, -1)).argmax().item<int64_t>();
    counts[group[row].item<int64_t>()] -= 1;
    group[row] = i, counts[i] = 1, far[row] = -1;
  }
}

KMeans one_run(const Tensor& points, int64_t k, Random& random) {
  constexpr int kMost = 100;
  KMeans found;
  found.centre = first_centres(points, k, random);
  for (int i = 0; i < kMost; ++i) {
    const auto nearest = squares(points, found.centre).min(1);
    Tensor group = std::get<1>(nearest).contiguous();
    fill(group, std::get<0>(nearest), k);
    if (found.group.defined() && torch::equal(group, found.group)) break;
    found.group = group;
    const Tensor counts = at::bincount(group, {}, k).to(points.scalar_type()).unsqueeze(1);
    found.centre = at::zeros_like(found.centre).index_add_(0, group, points) / counts;
  }
  found.spread = (points - found.centre.index_select(0, found.group)).square().sum(1).mean().item<double>();
  return found;
}

}  // namespace

KMeans k_means(const Tensor& points, int64_t k, uint64_t seed, int64_t restarts) {
  STEER_CHECK(points.dim() == 2 && k >= 1 && k <= points.size(0), "[k_means] expected from 1 to ",
              points.size(0), " groups, the number of points, but got ", k);
  Random random(seed);
  KMeans best = one_run(points, k, random);
  for (int64_t i = 1; i < restarts; ++i) {
    KMeans next = one_run(points, k, random);
    if (next.spread < best.spread) best = next;
  }
  return best;
}

}  // namespace steer

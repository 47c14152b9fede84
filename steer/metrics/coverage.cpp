#include "steer/metrics/coverage.h"

#include <algorithm>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int64_t kRows = 1000;

// visit(rows' distances [r, M] to all of y, first row) over pieces of x.
template <class Visit>
void for_distances(const Tensor& x, const Tensor& y, Visit visit) {
  for (int64_t at = 0; at < x.size(0); at += kRows)
    visit(at::cdist(x.narrow(0, at, std::min(kRows, x.size(0) - at)), y, 2, 2), at);
}

// The distance of each member to its k-th nearest other member: [N].
Tensor radii(const Tensor& x, int64_t k) {
  std::vector<Tensor> radius;
  for_distances(x, x, [&](Tensor distance, int64_t at) {
    const Tensor rows = at::arange(distance.size(0), at::kLong);
    distance.index_put_({rows, rows + at}, at::full({}, INFINITY, distance.options()));
    radius.push_back(std::get<0>(distance.kthvalue(k, 1)));
  });
  return at::cat(radius);
}

double share_within(const Tensor& points, const Tensor& set, const Tensor& radius) {
  int64_t within = 0;
  for_distances(points, set, [&](const Tensor& distance, int64_t) {
    within += (distance <= radius).any(1).sum().item<int64_t>();
  });
  return static_cast<double>(within) / static_cast<double>(points.size(0));
}

// Share of a set whose members have one of the points within their own radius.
double share_met(const Tensor& set, const Tensor& radius, const Tensor& points) {
  int64_t met = 0;
  for_distances(set, points, [&](const Tensor& distance, int64_t at) {
    met += std::get<0>(distance.min(1)).le(radius.narrow(0, at, distance.size(0))).sum().item<int64_t>();
  });
  return static_cast<double>(met) / static_cast<double>(set.size(0));
}

}  // namespace

Coverage coverage(const Tensor& real, const Tensor& made, int64_t neighbours) {
  STEER_CHECK(real.dim() == 2 && made.dim() == 2 && real.size(1) == made.size(1),
              "[coverage] expected features [N, D] and [M, D] but got ", shape_text(real.sizes()), " and ",
              shape_text(made.sizes()));
  STEER_CHECK(neighbours >= 1 && std::min(real.size(0), made.size(0)) > neighbours,
              "[coverage] expected more than ", neighbours, " images of each kind but got ", real.size(0),
              " and ", made.size(0));
  const Tensor a = real.cpu().to(torch::kFloat64), b = made.cpu().to(torch::kFloat64);
  const Tensor radius = radii(a, neighbours);
  return {share_within(b, a, radius), share_within(a, b, radii(b, neighbours)), share_met(a, radius, b)};
}

}  // namespace steer

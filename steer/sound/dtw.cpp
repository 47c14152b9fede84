#include "steer/sound/dtw.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int64_t kMostWarpingCells = int64_t{1} << 32;

// The steps that a way may take, in the order in which they are preferred.
enum WarpingStep : uint8_t { kBothOn, kSecondOn, kFirstOn };

// Courses [T, F] as plain memory.
struct Courses {
  const float *x, *y;
  int64_t T, U, F;

  double distance(int64_t i, int64_t j) const {
    const float *a = x + i * F, *b = y + j * F;
    double sum = 0;
    for (int64_t f = 0; f < F; ++f) {
      const double d = static_cast<double>(a[f]) - static_cast<double>(b[f]);
      sum += d * d;
    }
    return std::sqrt(sum);
  }
};

// The cost of the cheapest way. The step that leads to place (i, j) on it goes to `steps` [T, U] unless that
// is null.
double warped(const Courses& c, uint8_t* steps) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  std::vector<double> cost(static_cast<size_t>(c.U) + 1, kNever);  // cost[j + 1]: of (i, j); cost[0] is none
  cost[0] = 0;
  for (int64_t i = 0; i < c.T; ++i) {
    double both = cost[0];  // of (i - 1, j - 1)
    cost[0] = kNever;
    for (int64_t j = 0; j < c.U; ++j) {
      double& here = cost[static_cast<size_t>(j) + 1];
      const double second = cost[static_cast<size_t>(j)], first = here;
      WarpingStep step = kBothOn;
      double best = both;
      if (second < best) best = second, step = kSecondOn;
      if (first < best) best = first, step = kFirstOn;
      both = first;
      here = best + c.distance(i, j);
      if (steps) steps[i * c.U + j] = step;
    }
  }
  return cost.back();
}

// Courses [.., F, T] as float32 [.., T, F].
Tensor time_first(const Tensor& x) {
  const Tensor course = x.detach().to(torch::kCPU, torch::kFloat32).transpose(-1, -2).contiguous();
  STEER_CHECK(at::isfinite(course).all().item<bool>(), "[dtw] expected finite features");
  return course;
}

void check_courses(const Tensor& x, const Tensor& y, int64_t dims, const char* what) {
  bool fit = x.dim() == dims && y.dim() == dims && x.numel() > 0 && y.numel() > 0;
  for (int64_t d = 0; fit && d + 1 < dims; ++d) fit = x.size(d) == y.size(d);
  STEER_CHECK(fit, "[dtw] expected two courses ", what, " but got ", shape_text(x.sizes()), " and ",
              shape_text(y.sizes()));
}

}  // namespace

Tensor warping_costs(const Tensor& x, const Tensor& y) {
  check_courses(x, y, 3, "[N, F, T] and [N, F, U]");
  const Tensor a = time_first(x), b = time_first(y), costs = at::empty({x.size(0)}, torch::kFloat64);
  const int64_t F = x.size(1), T = x.size(2), U = y.size(2);
  const float *from = a.data_ptr<float>(), *to = b.data_ptr<float>();
  auto* cost = costs.data_ptr<double>();
  at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      cost[n] = warped({from + n * T * F, to + n * U * F, T, U, F}, nullptr);
  });
  return costs;
}

Warping warping(const Tensor& x, const Tensor& y) {
  check_courses(x, y, 2, "[F, T] and [F, U]");
  const Tensor a = time_first(x), b = time_first(y);
  const int64_t T = a.size(0), U = b.size(0);
  STEER_CHECK(T <= kMostWarpingCells / U, "[dtw] expected at most ", kMostWarpingCells,
              " pairs of places for a path but got ", T, " times ", U);
  std::vector<uint8_t> steps(static_cast<size_t>(T * U));
  Warping found;
  found.cost = warped({a.data_ptr<float>(), b.data_ptr<float>(), T, U, a.size(1)}, steps.data());
  std::vector<int64_t> path;
  for (int64_t i = T - 1, j = U - 1; i >= 0 && j >= 0;) {
    path.insert(path.end(), {j, i});
    const uint8_t step = steps[static_cast<size_t>(i * U + j)];
    if (step != kSecondOn) --i;
    if (step != kFirstOn) --j;
  }
  std::reverse(path.begin(), path.end());
  found.path = at::empty({static_cast<int64_t>(path.size()) / 2, 2}, torch::kInt64);
  std::copy(path.begin(), path.end(), found.path.data_ptr<int64_t>());
  return found;
}

}  // namespace steer

#include "steer/diffusion/adaptive.h"

#include <array>
#include <cmath>

#include "steer/core/check.h"
#include "steer/diffusion/prediction.h"

namespace steer {
namespace {

constexpr int kStages = 7;
// Dormand and Prince 1980: nodes, coefficients (the last row is the fifth-order solution) and the difference
// between the two solutions.
constexpr std::array<double, kStages> kC = {0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1};
constexpr double kA[kStages][6] = {{},
                                   {1.0 / 5},
                                   {3.0 / 40, 9.0 / 40},
                                   {44.0 / 45, -56.0 / 15, 32.0 / 9},
                                   {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
                                   {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
                                   {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};
constexpr std::array<double, kStages> kE = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                            -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

// Root of the mean square of each row: [b, ...] -> [b].
Tensor row_norm(const Tensor& x) {
  return x.flatten(1).square().mean(1).sqrt();
}

// The length [b] of the first step, positive.
Tensor first_step(const Drift& drift, const Tensor& x, const Tensor& slope, const Tensor& t, double direction,
                  const Tensor& rows, const AdaptiveOptions& o) {
  const Tensor scale = o.atol + o.rtol * x.abs();
  const Tensor d0 = row_norm(x / scale), d1 = row_norm(slope / scale);
  const Tensor small = at::logical_or(d0 < 1e-5, d1 < 1e-5);
  const Tensor h0 = at::where(small, at::full_like(d0, 1e-6), 0.01 * d0 / d1.clamp_min(1e-300));
  const Tensor probe = x + over(direction * h0, x) * slope;
  const Tensor d2 = row_norm((drift(probe, t + direction * h0, rows) - slope) / scale) / h0;
  const Tensor d = at::max(d1, d2);
  const Tensor h1 = at::where(d <= 1e-15, (h0 * 1e-3).clamp_min(1e-6), (0.01 / d.clamp_min(1e-300)).pow(0.2));
  return at::min(100 * h0, h1);
}

}  // namespace

Integral dormand_prince(const Drift& drift, const Tensor& start, double from, double to,
                        const AdaptiveOptions& o) {
  STEER_CHECK(o.rtol >= 0 && o.atol >= 0 && o.rtol + o.atol > 0,
              "[dopri5] expected tolerances above 0 but got rtol ", o.rtol, " and atol ", o.atol);
  STEER_CHECK(start.dim() >= 2, "[dopri5] expected x [B, ...] but got ", start.dim(), " dimensions");
  Tensor x = start.to(torch::kFloat64).flatten(1);
  const auto shaped = [&](const Tensor& flat) {
    std::vector<int64_t> shape = start.sizes().vec();
    shape[0] = flat.size(0);
    return flat.view(shape);
  };
  const Drift slope_of = [&](const Tensor& flat, const Tensor& t, const Tensor& rows) {
    return drift(shaped(flat), t, rows).to(torch::kFloat64).flatten(1);
  };
  Integral result{at::empty_like(x), at::zeros({x.size(0)}, x.options().dtype(torch::kInt64))};
  if (from == to || x.size(0) == 0) return {start.to(torch::kFloat64).clone(), result.evaluations};

  const double direction = to > from ? 1 : -1, whole = std::abs(to - from);
  Tensor rows = at::arange(x.size(0), result.evaluations.options());
  Tensor t = at::full({x.size(0)}, from, x.options());
  Tensor slope = slope_of(x, t, rows);
  Tensor h = first_step(slope_of, x, slope, t, direction, rows, o).clamp_max(whole);
  result.evaluations += 2;
  for (int64_t step = 0; rows.size(0) > 0; ++step) {
    STEER_CHECK(step < o.max_steps, "[dopri5] expected at most ", o.max_steps,
                " steps but a sample is still at ", t[0].item<double>(), " on its way to ", to);
    const Tensor left = (to - t).abs(), last = h >= left;
    const Tensor length = direction * at::min(h, left);
    std::array<Tensor, kStages> k = {slope};
    Tensor next;
    for (int stage = 1; stage < kStages; ++stage) {
      Tensor sum = kA[stage][0] * k[0];
      for (int j = 1; j < stage; ++j)
        if (kA[stage][j] != 0) sum = sum + kA[stage][j] * k[j];
      next = x + over(length, x) * sum;
      const Tensor at_end = at::where(last, at::full_like(t, to), t + length);
      k[stage] = slope_of(next, kC[stage] == 1 ? at_end : t + kC[stage] * length, rows);
    }
    result.evaluations.index_add_(0, rows, at::full_like(rows, 6));
    Tensor error = kE[0] * k[0];
    for (int j = 2; j < kStages; ++j) error = error + kE[j] * k[j];
    const Tensor ratio = row_norm(over(length, x) * error / (o.atol + o.rtol * at::max(x.abs(), next.abs())));
    STEER_CHECK(at::isfinite(ratio).all().item<bool>(), "[dopri5] expected a finite drift but at ",
                t[0].item<double>(), " it is not");
    const Tensor stands = ratio <= 1;
    const Tensor column = stands.unsqueeze(1);
    x = at::where(column, next, x);
    slope = at::where(column, k[kStages - 1], slope);
    t = at::where(stands, at::where(last, at::full_like(t, to), t + length), t);
    h = length.abs() * (0.9 * ratio.clamp_min(1e-10).pow(-0.2)).clamp(0.2, 10);

    // Samples that have arrived leave.
    const Tensor there = at::logical_and(stands, last);
    if (!there.any().item<bool>()) continue;
    const Tensor done = there.nonzero().squeeze(1), going = at::logical_not(there).nonzero().squeeze(1);
    result.x.index_copy_(0, rows.index_select(0, done), x.index_select(0, done));
    x = x.index_select(0, going), slope = slope.index_select(0, going);
    t = t.index_select(0, going), h = h.index_select(0, going), rows = rows.index_select(0, going);
  }
  return {shaped(result.x), result.evaluations};
}

}  // namespace steer

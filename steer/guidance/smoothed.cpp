#include "steer/guidance/smoothed.h"

#include <cmath>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// A A^T = a I for masks, area means and channel mixes that keep channels apart: the mean of |row of A|^2.
double mean_row_norm(const Measurement& m, const Space& space) {
  const double mixed = m.map.mix.defined() ? m.map.mix.square().sum(1).mean().item<double>() : 1;
  const double places = static_cast<double>(values_of(space)) / static_cast<double>(space.sizes.front());
  return mixed * static_cast<double>(m.y[0][0].numel()) / places;
}

// v of (std^2 A A^T + noise^2) v = r for r [N, M, places...] by conjugate gradients (Hestenes and Stiefel
// 1952), each sample for itself.
Tensor solved(const Measurement& m, const Tensor& r, at::IntArrayRef sizes, double std) {
  constexpr int64_t kIterations = 60;
  constexpr double kEnough = 1e-5;
  const double noise2 = 1 / (2 * m.scale);
  const auto times = [&](const Tensor& u) {
    return std * std * m.map.measure(m.map.adjoint(u, sizes)) + noise2 * u;
  };
  std::vector<int64_t> all(static_cast<size_t>(r.dim()));
  std::iota(all.begin(), all.end(), 0);
  const at::IntArrayRef of_sample = at::IntArrayRef(all).slice(1);
  const auto dot = [&](const Tensor& a, const Tensor& b) { return (a * b).sum(of_sample, true); };
  Tensor v = at::zeros_like(r), rest = r, direction = r, square = dot(r, r);
  const Tensor small = square * (kEnough * kEnough);
  for (int64_t i = 0; i < kIterations && (square > small).any().item<bool>(); ++i) {
    const Tensor ahead = times(direction), step = square / dot(direction, ahead).clamp_min(1e-300);
    v = v + step * direction;
    rest = rest - step * ahead;
    const Tensor next = dot(rest, rest);
    direction = rest + next / square.clamp_min(1e-300) * direction;
    square = next;
  }
  return v;
}

// -r^T (std^2 A A^T + noise^2)^-1 r / 2 of r = y - A x, whose gradient in r is -v.
Tensor blurred_likelihood(const Measurement& m, const Tensor& x, double std) {
  const Tensor seen = m.map.measure(x);
  const Tensor y = per_sample(m.y, x.size(0), "guide").to(x.device(), seen.scalar_type());
  const Tensor r = y - seen;
  const Tensor v = solved(m, r.detach(), x.sizes().slice(1), std);
  return -(r * v).flatten(1).sum(1) + (r.detach() * v).flatten(1).sum(1) / 2;
}

void add(Tensor& sum, const Tensor& term) {
  sum = sum.defined() ? sum + term : term;
}

}  // namespace

Smoothed::Smoothed(const Objective& objective, const Space& space, bool lengths)
    : lengths_(lengths), space_(space) {
  gather(objective, 1);
  lengths_ = lengths && rest_.empty() && whole_;
  STEER_CHECK(!linear_.empty() || !rest_.empty(), "[guide] ", objective.words(),
              ": expected an objective with a gradient; one without guides a diffusion by particles "
              "(--method feynman_kac, svdd, tree or best_of)");
}

void Smoothed::gather(const Objective& objective, double weight) {
  const auto parts = objective.parts();
  for (const Objective::Part& part : parts) {
    if (part.ranked) {
      whole_ = false;
    } else {
      gather(*part.objective, weight * part.weight);
    }
  }
  if (!parts.empty()) return;
  const auto measurements = objective.linear();
  for (Measurement m : measurements) {
    m.scale *= weight;
    linear_.push_back({m, mean_row_norm(m, space_), weight});
  }
  if (!measurements.empty()) return;
  if (objective.differentiable()) {
    rest_.push_back({weight, &objective});
  } else {
    whole_ = false;
  }
}

Tensor Smoothed::counted(const Linear& term, const Tensor& y) const {
  const Tensor value = log_likelihood(term.measurement, y);
  if (!lengths_ || term.measurement.scale == 0) return value;
  constexpr double kSmallest = 1e-20;  // the root has no gradient at 0
  return -term.weight * (-value / term.measurement.scale).clamp_min(kSmallest).sqrt();
}

std::vector<Measurement> Smoothed::measurements() const {
  std::vector<Measurement> all;
  for (const Linear& term : linear_) all.push_back(term.measurement);
  return all;
}

Tensor Smoothed::others(const Tensor& y) const {
  Tensor sum;
  for (const Piece& piece : rest_) add(sum, piece.weight * piece.objective->score(y));
  return sum;
}

Tensor Smoothed::score(const Tensor& y) const {
  Tensor sum;
  for (const Linear& term : linear_) add(sum, counted(term, y));
  for (const Piece& piece : rest_) add(sum, piece.weight * piece.objective->score(y));
  return sum;
}

Tensor Smoothed::closed(const Tensor& y, double std) const {
  if (lengths_) return score(y);
  Tensor sum;
  for (const Linear& term : linear_) {
    Measurement m = term.measurement;
    if (m.map.blur && !m.weight.defined() && std > 0 && m.scale > 0) {
      add(sum, blurred_likelihood(m, y, std));
      continue;
    }
    const double widening = 2 * m.scale * term.row_norm * std * std;
    if (m.weight.defined()) {
      m.weight = m.weight / (1 + widening * m.weight);
    } else {
      m.scale /= 1 + widening;
    }
    add(sum, log_likelihood(m, y));
  }
  for (const Piece& piece : rest_) add(sum, piece.weight * piece.objective->score(y));
  return sum;
}

Tensor Smoothed::drawn(const Tensor& y, const Tensor& noise) const {
  if (!noise.defined()) return score(y);
  const int64_t draws = noise.size(1);
  // The draws of a sample stand together, so that groups of samples keep their targets.
  const Tensor all = (y.unsqueeze(1) + noise).flatten(0, 1);
  return at::logsumexp(score(all).view({y.size(0), draws}), 1) - std::log(static_cast<double>(draws));
}

}  // namespace steer

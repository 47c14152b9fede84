#include "steer/guidance/smoothed.h"

#include <torch/autograd.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// A A^T = a I for masks, area means and channel mixes that keep channels apart: the mean of |row of A|^2.
double mean_row_norm(const LinearMeasurement& m, int64_t height, int64_t width) {
  const double mixed = m.colour.defined() ? m.colour.square().sum(1).mean().item<double>() : 1;
  return mixed * static_cast<double>(m.height * m.width) / static_cast<double>(height * width);
}

// v of (std^2 A A^T + noise^2) v = r for r [N, M, h, w] by conjugate gradients (Hestenes and Stiefel 1952),
// each sample for itself. A^T u is the gradient of u . A x.
Tensor solved(const LinearMeasurement& m, const Tensor& r, at::IntArrayRef image, double std) {
  constexpr int64_t kIterations = 60;
  constexpr double kEnough = 1e-5;
  const double noise2 = 1 / (2 * m.scale);
  const auto times = [&](const Tensor& u) {
    Tensor back;
    {
      const torch::AutoGradMode with_gradients(true);
      const Tensor x = at::zeros(image, u.options()).requires_grad_(true);
      back = torch::autograd::grad({measure(m, x)}, {x}, {u})[0];
    }
    return std * std * measure(m, back) + noise2 * u;
  };
  const auto dot = [](const Tensor& a, const Tensor& b) { return (a * b).sum({1, 2, 3}, true); };
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
Tensor blurred_likelihood(const LinearMeasurement& m, const Tensor& x, double std) {
  const Tensor seen = measure(m, x);
  const Tensor y = per_sample(m.y, x.size(0), "guide").to(x.device(), seen.scalar_type());
  const Tensor r = y - seen;
  const Tensor v = solved(m, r.detach(), x.sizes(), std);
  return -(r * v).sum({1, 2, 3}) + (r.detach() * v).sum({1, 2, 3}) / 2;
}

void add(Tensor& sum, const Tensor& term) {
  sum = sum.defined() ? sum + term : term;
}

}  // namespace

Smoothed::Smoothed(const Objective& objective, int64_t height, int64_t width)
    : height_(height), width_(width) {
  gather(objective, 1);
  STEER_CHECK(!linear_.empty() || !rest_.empty(), "[guide] ", objective.words(),
              ": expected an objective with a gradient; one without guides a diffusion by particles "
              "(--method feynman_kac, svdd, tree or best_of)");
}

void Smoothed::gather(const Objective& objective, double weight) {
  for (LinearMeasurement m : objective.measurements()) {
    m.scale *= weight;
    linear_.push_back({m, mean_row_norm(m, height_, width_)});
  }
  if (!objective.measurements().empty()) return;
  const auto parts = objective.parts();
  for (const Objective::Part& part : parts) {
    if (part.ranked) {
      whole_ = false;
    } else {
      gather(*part.objective, weight * part.weight);
    }
  }
  if (!parts.empty()) return;
  if (objective.differentiable()) {
    rest_.push_back({weight, &objective});
  } else {
    whole_ = false;
  }
}

Tensor Smoothed::score(const Tensor& y) const {
  Tensor sum;
  for (const Linear& term : linear_) add(sum, log_likelihood(term.measurement, y));
  for (const Piece& piece : rest_) add(sum, piece.weight * piece.objective->score(y));
  return sum;
}

Tensor Smoothed::closed(const Tensor& y, double std) const {
  Tensor sum;
  for (const Linear& term : linear_) {
    LinearMeasurement m = term.measurement;
    if (m.blur && !m.weight.defined() && std > 0 && m.scale > 0) {
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

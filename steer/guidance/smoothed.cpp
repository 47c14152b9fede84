#include "steer/guidance/smoothed.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// The mean of |row of A|^2 over the rows. Channel mixes and area means have it in closed form; a blur is
// asked for what it makes of white noise.
double mean_row_norm(const LinearMeasurement& m, int64_t channels, int64_t height, int64_t width) {
  if (m.blur) {
    const Tensor white = normal_rows(sample_seeds(1, 64), 1, {channels, height, width}).to(m.y.device());
    return measure(m, white).square().mean().item<double>();
  }
  const double mixed = m.colour.defined() ? m.colour.square().sum(1).mean().item<double>() : 1;
  return mixed * static_cast<double>(m.height * m.width) / static_cast<double>(height * width);
}

void add(Tensor& sum, const Tensor& term) {
  sum = sum.defined() ? sum + term : term;
}

}  // namespace

Smoothed::Smoothed(const Objective& objective, int64_t channels, int64_t height, int64_t width)
    : channels_(channels), height_(height), width_(width) {
  gather(objective, 1);
  STEER_CHECK(!linear_.empty() || !rest_.empty(), "[guide] ", objective.words(),
              ": expected an objective with a gradient; one without guides a diffusion by particles "
              "(--method feynman_kac, svdd, tree or best_of)");
}

void Smoothed::gather(const Objective& objective, double weight) {
  for (LinearMeasurement m : objective.measurements()) {
    m.scale *= weight;
    linear_.push_back({m, mean_row_norm(m, channels_, height_, width_)});
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

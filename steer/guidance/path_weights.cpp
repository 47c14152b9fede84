#include "steer/guidance/path_weights.h"

#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/guidance/resampling.h"

namespace steer {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

Tensor log_mean(const Tensor& log_weight) {
  return log_weight.logsumexp(1) - std::log(static_cast<double>(log_weight.size(1)));
}

}  // namespace

PathWeights::PathWeights(int64_t samples, int64_t particles, const std::string& potential, double temperature,
                         torch::Device device)
    : potential_(potential), lam_(1 / temperature) {
  STEER_CHECK(potential == "difference" || potential == "max" || potential == "sum",
              "[path_weights] potential: expected difference, max or sum but got ", potential);
  STEER_CHECK(temperature > 0 && std::isfinite(temperature),
              "[path_weights] expected a temperature above 0 but got ", temperature);
  const auto double_options = at::TensorOptions().dtype(torch::kFloat64).device(device);
  log_weight_ = at::zeros({samples, particles}, double_options);
  log_used_ = at::zeros_like(log_weight_);
  carried_ = at::full_like(log_weight_, potential == "max" ? kNever : 0);
  log_evidence_ = at::zeros({samples}, double_options);
}

void PathWeights::correct(const Tensor& log_factor) {
  STEER_CHECK(log_factor.numel() == log_weight_.numel() && log_factor.isfinite().all().item<bool>(),
              "[path_weights] expected finite corrections for ", shape_text(log_weight_.sizes()),
              " particles but got ", shape_text(log_factor.sizes()), " or numbers that are not finite");
  log_weight_ = log_weight_ + log_factor.to(log_weight_.options()).view_as(log_weight_);
}

void PathWeights::weigh(const Tensor& score, bool last) {
  const Tensor finite = score.isfinite();
  Tensor potential;
  if (potential_ == "difference") {
    const Tensor now = at::where(finite, score, carried_);
    potential = lam_ * (now - carried_);
    carried_ = now;
  } else {
    const Tensor zero = at::zeros_like(score);
    carried_ = potential_ == "max" ? at::where(finite, at::maximum(carried_, score), carried_)
                                   : carried_ + at::where(finite, score, zero);
    potential = last ? lam_ * score - (unit_.defined() ? log_used_ * unit_ : log_used_) : lam_ * carried_;
  }
  const Tensor none = ~finite.any(1, true);
  if (unit_.defined()) potential = potential / unit_;
  potential = at::where(finite, potential, at::full_like(potential, kNever));
  if (!last) potential = at::where(none, at::zeros_like(potential), potential);
  log_weight_ = log_weight_ + potential;
  log_used_ = log_used_ + at::where(potential.isfinite(), potential, at::zeros_like(potential));
}

Tensor PathWeights::resample(const Tensor& u, double threshold) {
  const int64_t particles = log_weight_.size(1);
  const Tensor few = effective_size(log_weight_) < threshold * static_cast<double>(particles);
  const Tensor draws = few.logical_or(log_weight_.isneginf().any(1));
  if (!draws.any().item<bool>()) return {};
  const Tensor own = at::arange(particles, draws.options().dtype(torch::kInt64)).expand_as(log_weight_);
  const Tensor parents = at::where(draws.unsqueeze(1), systematic(log_weight_, u, particles), own);
  log_evidence_ = at::where(draws, log_evidence_ + log_mean(log_weight_), log_evidence_);
  log_weight_ = at::where(draws.unsqueeze(1), at::zeros_like(log_weight_), log_weight_);
  log_used_ = log_used_.gather(1, parents);
  carried_ = carried_.gather(1, parents);
  return parents;
}

Tensor PathWeights::drawn(const Tensor& u) const {
  const Tensor none = log_weight_.isneginf().all(1, true);
  return systematic(at::where(none, at::zeros_like(log_weight_), log_weight_), u, 1).squeeze(1);
}

Tensor PathWeights::log_evidence() const {
  return log_evidence_ + log_mean(log_weight_);
}

}  // namespace steer

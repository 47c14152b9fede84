#include "steer/train/learner.h"

#include <limits>

namespace steer {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

Learner::Learner(Model& model, const TrainOptions& options)
    : adam(model.trainable_parameters(), options.adam),
      ema(model.trainable_parameters(), options.ema_half_life_images, options.ema_power),
      model_(model) {
  model.set_recompute(options.recompute);
}

Figures Learner::step(const Batch& batch, uint64_t seed, double rate) {
  LossReport report = model_.loss(batch, seed);
  adam.clear_gradients();
  report.loss.backward();
  {
    torch::NoGradGuard no_grad;
    const Tensor never = at::full({}, kNever, report.loss.options().dtype(torch::kInt64));
    const Tensor bad = at::where(at::isfinite(report.loss.detach()), never, at::full_like(never, steps));
    first_bad_ = first_bad_.defined() ? at::minimum(first_bad_, bad) : bad;
  }
  adam.step(rate);
  images += batch.data.size();
  ++steps;
  ema.update(batch.data.size(), images);
  Figures figures = std::move(report.figures);
  for (auto& figure : model_.after_step(steps, &adam, &ema)) figures.push_back(std::move(figure));
  return figures;
}

int64_t Learner::first_bad_step() const {
  const int64_t step = first_bad_.defined() ? first_bad_.item<int64_t>() : kNever;
  return step == kNever ? -1 : step;
}

}  // namespace steer

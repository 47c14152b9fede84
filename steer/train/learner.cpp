#include "steer/train/learner.h"

#include <limits>

namespace steer {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

Learner::Learner(Model& model, const TrainOptions& options, const Together& together)
    : adam(model.trainable_parameters(), options.adam),
      ema(model.trainable_parameters(), options.ema_half_life_images, options.ema_power),
      model_(model),
      together_(together) {
  check(together);
  model.set_recompute(options.recompute);
}

Figures Learner::step(const Batch& batch, uint64_t seed, double rate) {
  LossReport report = model_.loss(batch, seed_of_share(together_, seed));
  adam.clear_gradients();
  report.loss.backward();
  report.loss = report.loss.detach();
  join_batch(report);
  {
    torch::NoGradGuard no_grad;
    const Tensor never = at::full({}, kNever, report.loss.options().dtype(torch::kInt64));
    const Tensor bad = at::where(at::isfinite(report.loss), never, at::full_like(never, steps));
    first_bad_ = first_bad_.defined() ? at::minimum(first_bad_, bad) : bad;
  }
  adam.step(rate);
  const int64_t seen = batch.data.size() * together_.of;
  images += seen;
  ++steps;
  ema.update(seen, images);
  Figures figures = std::move(report.figures);
  for (auto& figure : model_.after_step(steps, &adam, &ema)) figures.push_back(std::move(figure));
  return figures;
}

void Learner::join_batch(LossReport& report) {
  if (together_.of == 1) return;
  // A figure may be the loss itself, which is divided once.
  std::vector<Tensor> means = {report.loss = report.loss.clone()};
  for (auto& [name, figure] : report.figures) means.push_back(figure = figure.clone());
  for (const auto& [name, parameter] : adam.parameters()) means.push_back(parameter.grad());
  join(together_, means, model_.step_counts());
}

int64_t Learner::first_bad_step() const {
  const int64_t step = first_bad_.defined() ? first_bad_.item<int64_t>() : kNever;
  return step == kNever ? -1 : step;
}

}  // namespace steer

#include "steer/train/tune.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/random.h"
#include "steer/ddn/chooser.h"
#include "steer/models/models.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

// The same model with tensors of its own that need no gradient.
std::unique_ptr<DdnModel> frozen_copy(DdnModel& model) {
  auto copy = make_model(model.family(), model.options(), 0);
  load_tensors(copy->module(), module_tensors(model.module()), "[tune]");
  for (Tensor& parameter : copy->module().parameters()) parameter.set_requires_grad(false);
  copy->module().to(model.network().layers()[0]->counts.device());
  copy->set_compute_type(model.network().compute_type());
  return std::unique_ptr<DdnModel>(static_cast<DdnModel*>(copy.release()));
}

Tensor squared_distance(const Tensor& a, const Tensor& b) {
  return (a - b).square().flatten(1).sum(1);
}

}  // namespace

void check(const TuneOptions& o) {
  STEER_CHECK(o.minutes > 0, "[tune] minutes: expected more than 0 but got ", o.minutes);
  STEER_CHECK(o.batch >= 1, "[tune] batch: expected at least 1 but got ", o.batch);
  STEER_CHECK(o.rate > 0, "[tune] rate: expected a positive learning rate but got ", o.rate);
  STEER_CHECK(o.anchor >= 0 && o.keep >= 0, "[tune] expected weights of at least 0 but got anchor ", o.anchor,
              " and keep ", o.keep);
}

TuneState tune(DdnModel& model, const Objective& objective, const TuneOptions& options,
               const TuneWatch& watch) {
  check(options);
  STEER_CHECK(objective.differentiable(), "[tune] ", objective.words(),
              ": expected an objective with a gradient; this one can only guide");
  STEER_CHECK(options.batch % objective.targets() == 0,
              "[tune] batch: expected a multiple of the objective's ", objective.targets(),
              " targets but got ", options.batch);
  STEER_CHECK(model.needs().classes == 0 && !model.needs().given,
              "[tune] expected an unconditional model but this one is told a condition");
  const auto original = frozen_copy(model);
  Network& network = model.network();
  const torch::Device device = model.device();
  Adam adam(model.trainable_parameters(), AdamOptions());
  TuneState state;
  const double begin = now_seconds();
  double share = 0;
  bool goes_on = true;
  while (share < 1 && goes_on) {
    const uint64_t seed = derive_seed(options.seed, static_cast<uint64_t>(state.steps));
    const Tensor seeds = sample_seeds(seed, options.batch, device);
    const Forwarding how{derive_seed(seed, 1), {}};
    const Generated made = network.run(options.batch, at_random(seeds), {}, {}, how);
    const Tensor x = from_maps(model.space(), made.image);
    Tensor score = objective.score(x);
    if (options.satisfied < 0) score = score.clamp_max(options.satisfied);
    const Tensor anchor = squared_distance(x, original->encode(x.detach()).state.x);
    const Tensor keep = squared_distance(x, original->decode(made.code).x);
    const Tensor loss = (options.anchor * anchor + options.keep * keep - score).mean();
    adam.clear_gradients();
    loss.backward();
    const double value = loss.item<double>();
    STEER_CHECK(std::isfinite(value), "[tune] the loss is not finite (", value, ") at step ", state.steps,
                ", seed ", seed, "; nothing was written");
    // A short ramp while Adam learns its moments, then down to nothing at the end.
    const double ramp = std::min(1.0, static_cast<double>(state.steps + 1) / 20);
    adam.step(options.rate * ramp * std::max(0.02, 0.5 * (1 + std::cos(M_PI * share))));

    const double fade = 1 - 1 / std::min(20.0, static_cast<double>(state.steps + 1));
    const auto follow_up = [&](double& mean, const Tensor& values) {
      mean = fade * mean + (1 - fade) * values.mean().item<double>();
    };
    follow_up(state.score, score);
    follow_up(state.anchor, anchor);
    follow_up(state.keep, keep);
    ++state.steps;
    share = (now_seconds() - begin) / (60 * options.minutes);
    goes_on = !watch || watch(std::min(1.0, share), state);
  }
  return state;
}

}  // namespace steer

#include "steer/train/learner.h"

#include <algorithm>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/interruption.h"

namespace steer {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr const char* kOfMuon = "muon.";

// Muon's share of the parameters, none where Adam has all.
NamedTensors matrices_of(Model& model, const TrainOptions& options) {
  if (options.optimiser != "muon") return {};
  NamedTensors matrices = model.hidden_matrices();
  STEER_CHECK(!matrices.empty(), "[options] train.optimiser: expected adam for a ", model.family(),
              " without the matrices of a transformer but got muon");
  return matrices;
}

// All parameters but Muon's.
NamedTensors others_of(Model& model, const TrainOptions& options) {
  const NamedTensors taken = matrices_of(model, options);
  NamedTensors others;
  for (const auto& each : model.trainable_parameters())
    if (std::none_of(taken.begin(), taken.end(),
                     [&](const auto& other) { return other.second.is_same(each.second); }))
      others.push_back(each);
  return others;
}

}  // namespace

Learner::Learner(Model& model, const TrainOptions& options, const Together& together)
    : adam(others_of(model, options), options.adam),
      muon(matrices_of(model, options), options.muon),
      ema(model.trainable_parameters(), options.ema_half_life_images, options.ema_power),
      model_(model),
      parameters_(model.trainable_parameters()),
      together_(together) {
  check(together);
  model.set_recompute(options.recompute);
}

Figures Learner::step(const Batch& batch, uint64_t seed, double rate) {
  const Uninterrupted whole;  // a step is made or not
  Batch own = batch;
  own.share = share_of(together_);
  LossReport report = model_.loss(own, seed);
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad() = Tensor();
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
  muon.step(rate);
  const int64_t seen = batch.data.size() * together_.of;
  images += seen;
  ++steps;
  ema.update(seen, images);
  Figures figures = std::move(report.figures);
  for (auto& figure : model_.after_step(steps, &adam, &ema)) figures.push_back(std::move(figure));
  return figures;
}

std::map<std::string, Tensor> Learner::optimiser_state() const {
  std::map<std::string, Tensor> state = adam.state();
  for (const auto& [name, tensor] : muon.state()) state[kOfMuon + name] = tensor;
  return state;
}

void Learner::load_optimisers(const std::map<std::string, Tensor>& state, const std::string& what) {
  const std::string prefix = kOfMuon;
  std::map<std::string, Tensor> of_adam, of_muon;
  for (const auto& [name, tensor] : state)
    (name.rfind(prefix, 0) == 0 ? of_muon[name.substr(prefix.size())] : of_adam[name]) = tensor;
  adam.load(of_adam, what);
  muon.load(of_muon, what);
}

void Learner::join_batch(LossReport& report) {
  if (together_.of == 1) return;
  // A figure may be the loss itself, which is divided once.
  std::vector<Tensor> means = {report.loss = report.loss.clone()};
  for (auto& [name, figure] : report.figures) means.push_back(figure = figure.clone());
  for (const auto& [name, parameter] : parameters_) means.push_back(parameter.grad());
  join(together_, means, model_.step_counts());
}

int64_t Learner::first_bad_step() const {
  const int64_t step = first_bad_.defined() ? first_bad_.item<int64_t>() : kNever;
  return step == kNever ? -1 : step;
}

}  // namespace steer

#include "steer/nn/adam.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/nn/adam_update.h"
#include "steer/nn/module_tensors.h"

namespace steer {

Adam::Adam(NamedTensors parameters, const AdamOptions& options)
    : options_(options), parameters_(std::move(parameters)) {
  for (const auto& [name, parameter] : parameters_) {
    first_.push_back(at::zeros_like(parameter, {}, at::MemoryFormat::Contiguous));
    second_.push_back(at::zeros_like(parameter, {}, at::MemoryFormat::Contiguous));
  }
}

void Adam::step(double rate) {
  torch::NoGradGuard no_grad;
  Tensor shrink;
  if (options_.clip > 0) {
    Tensor square = at::zeros({}, parameters_.front().second.options());
    for (const auto& [name, parameter] : parameters_)
      if (parameter.grad().defined()) square += parameter.grad().square().sum();
    shrink = at::clamp_max(options_.clip / (square.sqrt() + 1e-12), 1.0);
  }
  ++steps_;
  const double correct1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double correct2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
  const AdamUpdate update = {options_.beta1, options_.beta2, options_.epsilon, rate / correct1,
                             std::sqrt(correct2)};
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Tensor parameter = parameters_[i].second;
    Tensor gradient = parameter.grad();
    if (!gradient.defined()) continue;
    if (shrink.defined()) gradient = gradient * shrink;
    gradient = gradient.contiguous();
    (takes_adam_kernel(parameter, gradient) ? adam_update : adam_update_plain)(parameter, gradient, first_[i],
                                                                               second_[i], update);
  }
}

void Adam::clear_gradients() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad() = Tensor();
}

std::vector<Tensor> Adam::moments(const Tensor& parameter) const {
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].second.is_same(parameter)) return {first_[i], second_[i]};
  fail("[adam] expected one of the optimised parameters but got another tensor ",
       shape_text(parameter.sizes()));
}

std::map<std::string, Tensor> Adam::state() const {
  std::map<std::string, Tensor> state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    state["m." + parameters_[i].first] = first_[i];
    state["v." + parameters_[i].first] = second_[i];
  }
  state["steps"] = at::full({}, steps_, torch::kInt64);
  return state;
}

void Adam::load(const std::map<std::string, Tensor>& state, const std::string& what) {
  torch::NoGradGuard no_grad;
  check_saved(state, this->state(), what);
  for (const auto& [name, parameter] : parameters_)
    STEER_CHECK(parameter.numel() == 0 || state.at("v." + name).min().item<double>() >= 0, what, ": v.", name,
                ": expected second moments of 0 or more but got one below");
  const Tensor steps = state.at("steps");
  STEER_CHECK(steps.scalar_type() == torch::kInt64 && steps.item<int64_t>() >= 0, what,
              ": steps: expected a whole number of 0 or more but got ", steps.item().toDouble());
  for (size_t i = 0; i < parameters_.size(); ++i) {
    first_[i].copy_(state.at("m." + parameters_[i].first));
    second_[i].copy_(state.at("v." + parameters_[i].first));
  }
  steps_ = steps.item<int64_t>();
}

}  // namespace steer

#include "steer/nn/ema.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/nn/module_tensors.h"

namespace steer {

Ema::Ema(NamedTensors parameters, double half_life_images, double power)
    : parameters_(std::move(parameters)), half_life_images_(half_life_images), power_(power) {
  STEER_CHECK(half_life_images >= 0, "[ema] expected a half-life of at least 0 images but got ",
              half_life_images);
  STEER_CHECK(power >= 0, "[ema] expected a power of at least 0 but got ", power);
  for (const auto& [name, parameter] : parameters_)
    shadows_.push_back(averages() ? parameter.detach().clone() : parameter);
}

void Ema::update(int64_t batch, int64_t images_seen) {
  if (!averages()) return;
  torch::NoGradGuard no_grad;
  const auto n = static_cast<double>(batch), seen = static_cast<double>(images_seen);
  const double half_life = std::min(half_life_images_, 0.1 * seen);
  const double keep = power_ > 0      ? std::pow(std::max(0.0, 1 - n / seen), power_ + 1)
                      : half_life > 0 ? std::pow(0.5, n / half_life)
                                      : 0.0;
  for (size_t i = 0; i < parameters_.size(); ++i) shadows_[i].lerp_(parameters_[i].second, 1 - keep);
}

Tensor Ema::shadow(const Tensor& parameter) const {
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].second.is_same(parameter)) return shadows_[i];
  fail("[ema] expected one of the averaged parameters but got another tensor ",
       shape_text(parameter.sizes()));
}

std::map<std::string, Tensor> Ema::shadows() const {
  std::map<std::string, Tensor> named;
  for (size_t i = 0; i < parameters_.size(); ++i) named[parameters_[i].first] = shadows_[i];
  return named;
}

void Ema::load(const std::map<std::string, Tensor>& shadows, const std::string& what) {
  torch::NoGradGuard no_grad;
  check_saved(shadows, this->shadows(), what);
  for (size_t i = 0; i < parameters_.size(); ++i) shadows_[i].copy_(shadows.at(parameters_[i].first));
}

void Ema::exchange() {
  if (!averages()) return;
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor held = parameters_[i].second.detach().clone();
    parameters_[i].second.detach().copy_(shadows_[i]);
    shadows_[i].copy_(held);
  }
}

}  // namespace steer

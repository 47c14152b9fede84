// Small networks and objectives that the tests of this folder share; they count how they are used.
#pragma once

#include <cmath>
#include <memory>

#include "steer/diffusion/test_worlds.h"
#include "steer/objectives/objective.h"

namespace steer {

struct CallCount {
  int64_t forward = 0, backward = 0, weights = 0, guides = 0;
};

// A noise predictor with weights, in double precision, on images [B, 1, 2, 3].
class SmallNetwork {
 public:
  explicit SmallNetwork(std::shared_ptr<CallCount> count = std::make_shared<CallCount>())
      : count_(std::move(count)) {
    first_ = 0.6 * normals(5, {6}, 6);
    second_ = 0.6 * normals(6, {6}, 6);
    for (Tensor* weight : {&first_, &second_}) {
      weight->set_requires_grad(true);
      weight->register_hook([count = count_](const Tensor&) { ++count->weights; });
    }
  }
  // Of x_t = xbar / sqrt(1 + sigma^2).
  Tensor eps(const Tensor& xt, double sigma) const {
    ++count_->forward;
    const Tensor hidden = at::tanh(at::matmul(xt.flatten(1), first_) + 1 / (1 + sigma));
    if (hidden.requires_grad() && at::GradMode::is_enabled())
      hidden.register_hook([count = count_](const Tensor&) { ++count->backward; });
    return at::matmul(hidden, second_).view_as(xt) * 0.5 + 0.7 * xt;
  }
  Denoiser denoiser() const {
    return [*this](const Tensor& x, const Tensor& sigma) {
      const double level = sigma[0].item<double>();
      return x - level * eps(x / std::sqrt(1 + level * level), level);
    };
  }

 private:
  std::shared_ptr<CallCount> count_;
  Tensor first_, second_;
};

// A smooth objective that is neither linear nor Gaussian; always below 0.
class CurvedObjective : public Objective {
 public:
  explicit CurvedObjective(std::shared_ptr<CallCount> count = std::make_shared<CallCount>())
      : count_(std::move(count)) {}
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    ++count_->guides;
    const Tensor flat = x.flatten(1);
    return -(0.3 + (flat - 0.4).square().sum(1) + (2 * flat).sin().sum(1).square()).sqrt();
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return "curved"; }

 private:
  std::shared_ptr<CallCount> count_;
};

// log N(x; centre, std^2) of every number, as a linear measurement.
class PointObjective : public Objective {
 public:
  PointObjective(double centre, double std) : centre_(centre), scale_(1 / (2 * std * std)) {}
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return -scale_ * (x - centre_).flatten(1).square().sum(1);
  }
  bool differentiable() const override { return true; }
  std::vector<Measurement> linear() const override {
    Measurement m;
    m.y = at::full({1, 1, rows_, width_}, centre_, torch::kFloat64);
    m.scale = scale_;
    return {m};
  }
  std::string words() const override { return "point"; }
  void set_width(int64_t width) { width_ = width; }
  void set_rows(int64_t rows) { rows_ = rows; }

 private:
  double centre_, scale_;
  int64_t rows_ = 1, width_ = 1;
};

class BlackBox : public Objective {
 public:
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return x.flatten(1).sum(1);
  }
  bool differentiable() const override { return false; }
  std::string words() const override { return "black box"; }
};

// A denoiser of vectors as one of images [B, 1, 1, d].
inline Denoiser as_images(const Denoiser& vectors) {
  return [vectors](const Tensor& x, const Tensor& sigma) { return vectors(x.flatten(1), sigma).view_as(x); };
}

}  // namespace steer

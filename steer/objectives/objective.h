// What is wanted of a finished sample. An objective never knows which generator asks.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "steer/objectives/measurement.h"

namespace steer {

using torch::Tensor;

// An objective may hold several targets, T of them. The number of samples must then be a multiple of T, and
// the samples come in T equal consecutive groups, one per target.
class Objective {
 public:
  virtual ~Objective() = default;

  // Log-likelihood up to a constant of each sample, higher is better: x [N, C, H, W] in [-1, 1] -> [N],
  // float32 (float64 where x is float64).
  virtual Tensor score(const Tensor& x) const = 0;

  // How many targets T it holds.
  virtual int64_t targets() const { return 1; }

  // Whether score() has a gradient in x.
  virtual bool differentiable() const = 0;

  // The measurements whose log-likelihoods sum to score(); empty when score() is anything else.
  virtual std::vector<LinearMeasurement> measurements() const { return {}; }

  // The measurements of those terms that are linear: a cheap first look where others are expensive.
  virtual std::vector<LinearMeasurement> linear_part() const { return measurements(); }

  // What the objective was made from, at the sample's size [T, C, H, W], for people to see; undefined where
  // there is no such picture. Added noise may leave [-1, 1].
  virtual Tensor degraded() const { return {}; }

  // 1 at the pixels that the objective does not give, else 0: [T or 1, 1, H, W]; undefined where degraded()
  // is.
  virtual Tensor hidden() const { return {}; }

  // The objective as the user would write it.
  virtual std::string words() const = 0;
};

// sum_i weight_i * score_i. Linear if all terms are; its picture is that of the first term that has one, and
// a pixel is hidden when every term with a picture hides it.
class WeightedSum : public Objective {
 public:
  struct Term {
    double weight;  // finite, > 0
    std::unique_ptr<Objective> objective;
  };

  // At least one term.
  explicit WeightedSum(std::vector<Term> terms);

  Tensor score(const Tensor& x) const override;
  int64_t targets() const override;
  bool differentiable() const override;
  std::vector<LinearMeasurement> measurements() const override;
  std::vector<LinearMeasurement> linear_part() const override;
  Tensor degraded() const override;
  Tensor hidden() const override;
  std::string words() const override;

 private:
  std::vector<Term> terms_;
};

}  // namespace steer

// Linear inverse problems: something of a sample is known exactly up to Gaussian noise, the generator finds
// the rest.
#pragma once

#include <string>

#include "steer/objectives/objective.h"

namespace steer {

// A measurement and what a user sees of it.
struct LinearTask {
  Measurement measurement;  // what is known of T targets
  Tensor degraded;          // [T, sizes...], for people to see; undefined where there is no picture
  Tensor hidden;            // [T or 1, 1, places...]: 1 at places that the measurement does not give, else 0
};

// A task that gives every number of y [T, C, places...], T > 0, up to noise of the stated deviation > 0; all
// places are hidden. Errors name `what`.
LinearTask whole_task(const char* what, const Tensor& y, double noise);

// log N(x; mean, std^2) of every number of samples of these sizes, up to a constant: one target. There is no
// picture to show. std > 0.
LinearTask gaussian(double mean, double std, at::IntArrayRef sizes);

// The log-likelihood of a measurement.
class LinearObjective : public Objective {
 public:
  // `words` is what words() gives.
  LinearObjective(LinearTask task, std::string words);

  Tensor score(const State& sample) const override { return log_likelihood(task_.measurement, sample.x); }
  int64_t targets() const override { return task_.measurement.y.size(0); }
  bool differentiable() const override { return true; }
  std::vector<Measurement> linear() const override { return {task_.measurement}; }
  Tensor degraded() const override { return task_.degraded; }
  Tensor hidden() const override { return task_.hidden; }
  std::string words() const override { return words_; }

 private:
  LinearTask task_;
  std::string words_;
};

}  // namespace steer

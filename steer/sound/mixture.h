// Voices out of what they sound like together.
#pragma once

#include "steer/objectives/coupled.h"

namespace steer {

// Waveforms [T, 1, 1, samples], each the sum of `parts` sounds up to noise of this standard deviation. Of
// each mixture its parts are `parts` consecutive samples x_i: together they score -|y - sum_i x_i|^2 /
// (2 noise^2), each its equal share. What tells the parts from one another is the model, and what each is
// told; a model of single voices so becomes a prior of several independent ones (Jayaram and Thickstun 2020,
// equation 1, whose mixture it is). Differentiable; not linear in single samples.
class MixtureObjective : public CoupledObjective {
 public:
  // `words` is what words() gives. Error unless there are at least two parts, and noise > 0.
  MixtureObjective(const Tensor& mixture, int64_t parts, double noise, std::string words);

  int64_t group() const override { return parts_; }
  Tensor score(const State& sample) const override;
  int64_t targets() const override { return mixture_.size(0); }
  bool differentiable() const override { return true; }
  Tensor degraded() const override { return mixture_; }
  std::string words() const override { return words_; }

 private:
  Tensor mixture_;
  int64_t parts_;
  double scale_;
  std::string words_;
};

}  // namespace steer

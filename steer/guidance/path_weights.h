// The weights of Feynman-Kac particles: what each particle's path has been worth so far.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace steer {

using torch::Tensor;

// Potentials of a Feynman-Kac model whose product along a whole path is exp(r(x_0) / temperature), whatever
// the scores on the way (Singhal et al. 2025), s = the score now, lam = 1 / temperature:
//
//   difference  exp(lam (s - s of the weighing before)), from 0
//   max         exp(lam max of the scores so far);   at the end exp(lam s) / the product so far
//   sum         exp(lam sum of the scores so far);   likewise
//
// All tensors float64, N samples of K particles each.
class PathWeights {
 public:
  // Equal weights. Error for another potential and a temperature not above 0.
  PathWeights(int64_t samples, int64_t particles, const std::string& potential, double temperature,
              torch::Device device);

  // Multiplies the weights by exp(log_factor) [N, K], finite, which the product above does not count.
  void correct(const Tensor& log_factor);

  // From here on lam is divided by these numbers above 0, [N, 1], each sample's own.
  void set_unit(const Tensor& unit) { unit_ = unit; }

  // Multiplies the weights by the potential of the scores [N, K]. A score that is not finite makes the weight
  // 0, but where all K of a sample are so: then they say nothing and its weights stay, unless at the `last`
  // weighing, which makes them all 0.
  void weigh(const Tensor& score, bool last);

  // Which particles each sample goes on with, int64 [N, K]: systematic draws where the effective sample size
  // is below threshold * K or a weight is 0, which makes the weights 1; elsewhere every particle itself. One
  // uniform number u [N, 1] for each sample. Undefined if no sample draws.
  Tensor resample(const Tensor& u, double threshold);

  // One particle of each sample drawn by the weights (evenly if all are 0): int64 [N].
  Tensor drawn(const Tensor& u) const;

  // ln of the product over the resamplings of the weights' mean, and of their mean now: [N]. After the last
  // weighing its exponential is an unbiased estimate of E[exp(lam r(x_0))].
  Tensor log_evidence() const;

 private:
  std::string potential_;
  double lam_;
  Tensor unit_;          // [N, 1]; undefined: 1
  Tensor log_weight_;    // [N, K] since the last resampling
  Tensor log_used_;      // [N, K] potentials along the path
  Tensor carried_;       // [N, K] former score, highest or sum
  Tensor log_evidence_;  // [N] up to the last resampling
};

}  // namespace steer

// That a sample has the colours of a few painted strokes.
#pragma once

#include "steer/image/linear.h"

namespace steer {

// A painting [T, C, H, W] in [-1, 1] and how much of each pixel is painted, alpha [T, 1, H, W] in [0, 1]. The
// score is -sum(alpha d) / (sum(alpha) + 1e-6) with d the squared difference averaged over channels. Error
// for a painting that paints nothing.
LinearTask strokes(const Tensor& painting, const Tensor& alpha);

// The same with absolute differences, which are not linear.
class StrokesObjective : public Objective {
 public:
  // `words` is what words() gives.
  StrokesObjective(const Tensor& painting, const Tensor& alpha, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return task_.measurement.y.size(0); }
  bool differentiable() const override { return true; }
  Enlargement enlargement() const override { return Enlargement::kBilinear; }
  Tensor degraded() const override { return task_.degraded; }
  Tensor hidden() const override { return task_.hidden; }
  std::string words() const override { return words_; }

 private:
  LinearTask task_;
  std::string words_;
};

}  // namespace steer

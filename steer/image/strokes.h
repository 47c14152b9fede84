// That a sample has the colours of a few painted strokes.
#pragma once

#include "steer/image/linear.h"

namespace steer {

constexpr double kStrokesNoise = 0.25;  // how exactly strokes are meant unless told otherwise

// A painting [T, C, H, W] in [-1, 1] and how much of each pixel is painted, alpha [T, 1, H, W] in [0, 1]. The
// score is -sum(alpha (x - y)^2) / (2 noise^2) over channels and pixels: Gaussian noise of the stated
// deviation > 0, pixels that are painted in part counting in part. (The official DDN's score is the mean in
// place of the sum: the same order of samples.) Error for a painting that paints nothing.
LinearTask strokes(const Tensor& painting, const Tensor& alpha, double noise = kStrokesNoise);

// The same with absolute differences, which are not linear: -sum(alpha |x - y|) sqrt(2) / noise, Laplace
// noise of that deviation.
class StrokesObjective : public Objective {
 public:
  // `words` is what words() gives.
  StrokesObjective(const Tensor& painting, const Tensor& alpha, double noise, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return task_.measurement.y.size(0); }
  bool differentiable() const override { return true; }
  Enlargement enlargement() const override { return Enlargement::kBilinear; }
  Tensor degraded() const override { return task_.degraded; }
  Tensor hidden() const override { return task_.hidden; }
  std::string words() const override { return words_; }

 private:
  LinearTask task_;
  double scale_;
  std::string words_;
};

}  // namespace steer

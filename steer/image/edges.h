// That a sample has the edges of a picture, by Sobel's filters.
#pragma once

#include "steer/objectives/objective.h"

namespace steer {

// Sobel's gradient magnitude sqrt(gx^2 + gy^2) of the channel mean, kernels [1 2 1] x [-1 0 1], border pixels
// repeated: x [N, C, H, W] -> [N, 1, H, W], from 0 to 8 sqrt(2) for x in [-1, 1]. Differentiable.
Tensor sobel_magnitude(const Tensor& x);

// Minus the mean absolute difference of the magnitudes of sample and truth [T, C, H, W].
class EdgesObjective : public Objective {
 public:
  // `words` is what words() gives.
  EdgesObjective(const Tensor& truth, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return magnitude_.size(0); }
  bool differentiable() const override { return true; }
  // Repeated pixels would have edges of their own.
  Enlargement enlargement() const override { return Enlargement::kBilinear; }
  // The magnitudes as grey, white from 4 up.
  Tensor degraded() const override;
  Tensor hidden() const override;
  std::string words() const override { return words_; }

 private:
  Tensor magnitude_;  // [T, 1, H, W]
  int64_t channels_;
  std::string words_;
};

}  // namespace steer

// That a sample has the edges of a picture, by Sobel's filters.
#pragma once

#include "steer/objectives/objective.h"

namespace steer {

// Sobel's gradient magnitude sqrt(gx^2 + gy^2) of the channel mean, kernels [1 2 1] x [-1 0 1], border pixels
// repeated: x [N, C, H, W] -> [N, 1, H, W], from 0 to 8 sqrt(2) for x in [-1, 1]. Differentiable.
Tensor sobel_magnitude(const Tensor& x);

// Sobel magnitudes of x [N, C, H, W] and of its halves (means of 2x2 pixels) down to sides of 4 to 7 pixels,
// the largest first, at most `most` of them. What an unfinished sample cannot have yet is told apart from
// what it can; and where lines do not meet yet, the coarse ones say which way.
std::vector<Tensor> sobel_pyramid(const Tensor& x, int64_t most);

// How far edges may be off, and at which sizes they are looked at.
struct EdgesOptions {
  double noise = 0.05;  // of the mean magnitude: Laplace's scale, above 0
  int64_t sizes = 10;   // of sobel_pyramid(), as far as there are so many
};

// Minus the mean absolute difference of the magnitudes of sample and truth [T, C, H, W], averaged over the
// sizes, in units of the noise.
class EdgesObjective : public Objective {
 public:
  // `words` is what words() gives.
  EdgesObjective(const Tensor& truth, const EdgesOptions& options, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return magnitudes_[0].size(0); }
  bool differentiable() const override { return true; }
  // Repeated pixels would have edges of their own.
  Enlargement enlargement() const override { return Enlargement::kBilinear; }
  // The magnitudes of full size as grey, white from 4 up.
  Tensor degraded() const override;
  Tensor hidden() const override;
  std::string words() const override { return words_; }

 private:
  std::vector<Tensor> magnitudes_;  // [T, 1, h, w] of each size
  EdgesOptions options_;
  int64_t channels_;
  std::string words_;
};

}  // namespace steer

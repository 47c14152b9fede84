// That a sample has the edges of a picture, by Canny's detector.
#pragma once

#include "steer/objectives/objective.h"

namespace steer {

// Canny's edges (1986) of images x [N, C, H, W] in [-1, 1]: 1 on an edge, else 0, float32 [N, 1, H, W].
// Values are taken as bytes 0..255, Sobel's kernels without blur give |gx| + |gy| of the channel where it is
// largest, ridges across the nearest of four directions stay, and those above `low` that are joined to one
// above `high` are edges.
Tensor canny_edges(const Tensor& x, double low = 100, double high = 200);

// With E the edges of truth [T, C, H, W] and R those of a sample: the mean of R where E is 1, plus 1 minus
// the mean of R where E is 0; in [0, 2].
class CannyObjective : public Objective {
 public:
  // Error where a truth has no edge. `words` is what words() gives.
  CannyObjective(const Tensor& truth, double low, double high, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return edges_.size(0); }
  bool differentiable() const override { return false; }
  Tensor degraded() const override;
  Tensor hidden() const override { return at::ones_like(edges_.narrow(0, 0, 1)); }
  std::string words() const override { return words_; }

 private:
  Tensor edges_;  // [T, 1, H, W]
  int64_t channels_;
  double low_, high_;
  std::string words_;
};

}  // namespace steer

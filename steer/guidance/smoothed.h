// An objective seen through Gaussian noise on the sample, which is what an unfinished sample is: log E f(y +
// std n), f = exp(score).
#pragma once

#include "steer/objectives/objective.h"

namespace steer {

class Smoothed {
 public:
  // The terms of the objective that have a gradient; the objective must outlive this. Error, with the
  // objective's words, where no term has one. Samples will be [C, H, W].
  Smoothed(const Objective& objective, int64_t channels, int64_t height, int64_t width);

  // False where a term without gradient was left out.
  bool whole() const { return whole_; }
  // Whether every term is linear, so that no draws are needed.
  bool linear() const { return rest_.empty(); }

  // Linear terms in closed form, for y [N, C, H, W] with noise of deviation `std`: a measurement of row norm
  // a (the mean over its numbers of |row of A|^2) and precision w has precision w / (1 + a std^2 w), which is
  // exact where A A^T = a I, as for masks, area averages and channel means. The others at y itself. [N],
  // differentiable.
  Tensor closed(const Tensor& y, double std) const;

  // ln (1/n) sum_k f(y + noise_k) for noise [N, n, C, H, W]: [N], differentiable in y (Ye et al. 2024,
  // implicit dynamics). Undefined noise: ln f(y).
  Tensor drawn(const Tensor& y, const Tensor& noise) const;

 private:
  struct Linear {
    LinearMeasurement measurement;
    double row_norm;
  };
  struct Piece {
    double weight;
    const Objective* objective;
  };
  void gather(const Objective& objective, double weight);
  Tensor score(const Tensor& y) const;

  std::vector<Linear> linear_;
  std::vector<Piece> rest_;
  bool whole_ = true;
  int64_t channels_, height_, width_;
};

}  // namespace steer

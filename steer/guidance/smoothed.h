// An objective seen through Gaussian noise on the sample, which is what an unfinished sample is: log E f(y +
// std n), f = exp(score).
#pragma once

#include "steer/core/space.h"
#include "steer/objectives/objective.h"

namespace steer {

// The terms of an objective that have a gradient, smoothed.
class Smoothed {
 public:
  // The objective must outlive this. Error, with the objective's words, where no term has a gradient. Samples
  // will be of that space.
  Smoothed(const Objective& objective, const Space& space, bool lengths = false);

  // False where a term without gradient was left out.
  bool whole() const { return whole_; }
  // Of the samples.
  const Space& space() const { return space_; }
  // Whether every term is linear, so that no draws are needed.
  bool linear() const { return rest_.empty(); }
  // Whether the terms are lengths of what measurements leave.
  bool of_lengths() const { return lengths_; }

  // The measurements of all linear terms, weighted.
  std::vector<Measurement> measurements() const;
  // The other terms at y, weighted: [N]; undefined where there are none.
  Tensor others(const Tensor& y) const;

  // Linear terms in closed form, for samples y with noise of deviation `std`: ln N(measured; A y,
  // noise^2 + std^2 A A^T) up to a constant. Where A A^T = a I, as for masks, area averages and the mean of
  // channels, a measurement of precision w has precision w / (1 + a std^2 w); through a blur the system is
  // solved by conjugate gradients; other operators take the mean of A A^T's diagonal for a. The terms that
  // are not linear count at y itself. [N], differentiable once.
  Tensor closed(const Tensor& y, double std) const;

  // ln (1/n) sum_k f(y + noise_k) for noise [N, n, sizes...]: [N], differentiable in y (Ye et al. 2024,
  // implicit dynamics). Undefined noise: ln f(y).
  Tensor drawn(const Tensor& y, const Tensor& noise) const;

 private:
  struct Linear {
    Measurement measurement;
    double row_norm;
    double weight;  // of the term
  };
  struct Piece {
    double weight;
    const Objective* objective;
  };
  void gather(const Objective& objective, double weight);
  Tensor score(const Tensor& y) const;
  Tensor counted(const Linear& term, const Tensor& y) const;

  std::vector<Linear> linear_;
  std::vector<Piece> rest_;
  bool whole_ = true;
  bool lengths_;
  Space space_;
};

}  // namespace steer

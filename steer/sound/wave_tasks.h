// What is known of waveforms that were clipped, filtered or have noise.
#pragma once

#include "steer/objectives/linear_objective.h"

namespace steer {

// The tasks below are made from waveforms [T, 1, 1, samples] in [-1, 1]; noise is a standard deviation > 0.

// What is left of waveforms x [N, C, ..., samples] up to this share, 0 to 1, of the rate: their orthonormal
// cosine transform (DCT-II, whose k-th of n coefficients is at k / (2 n) of the rate) without the
// coefficients above. An orthogonal projection, so that it is its own adjoint. Differentiable.
Tensor low_passed(const Tensor& x, double share);

// The waveforms up to `hz`, of sounds at rate_hz: y = low_passed(x). Nothing is known of what lies above.
// Error unless hz lies between 0 and half the rate.
LinearTask bandwidth(const Tensor& truth, double hz, double rate_hz, double noise);

// What clipping leaves of waveforms: samples of magnitude below the level as they are, the others at the
// level.
struct Clipped {
  Tensor y;      // [T, 1, 1, samples]
  Tensor level;  // > 0, [T, 1, 1, 1]
  Tensor high;   // -1, 0 or 1, [T, 1, 1, samples]: whether a sample was below -level, inside or above level
};

// The waveforms clipped at levels [T, 1, 1, 1] > 0.
Clipped clipped(const Tensor& truth, const Tensor& level);

// Samples inside the levels, known up to noise; the others are hidden.
LinearTask unclipped_samples(const Clipped& clip, double noise);

// The same, and of the others that they lie beyond their level: a sample short of it by d scores
// -d^2 / (2 noise^2), one beyond it 0. Differentiable, not linear. The constraint is that of consistent
// declipping (Kitic, Bertin and Gribonval 2015, equation 2).
class DeclipObjective : public Objective {
 public:
  // `words` is what words() gives. Error as LinearObjective.
  DeclipObjective(const Clipped& clip, double noise, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return clip_.y.size(0); }
  bool differentiable() const override { return true; }
  Tensor degraded() const override { return clip_.y; }
  Tensor hidden() const override { return known_.hidden(); }
  std::string words() const override { return known_.words(); }

 private:
  Clipped clip_;
  LinearObjective known_;
  double scale_;
};

}  // namespace steer

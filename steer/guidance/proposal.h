// A population whose rows also climb: the gradient proposes, the particles weigh.
#pragma once

#include "steer/guidance/climb.h"
#include "steer/guidance/population.h"

namespace steer {

// climb(), with what Feynman-Kac particles need to stay exact: ln p(x' | x) / q(x' | x) of each row after a
// step, p the solver's own kernel N(m, s^2) and q its guided one. Both kernels have the same noise z, so with
// the shift I = x'_q - x'_p the ratio is -(I . z) / s - |I|^2 / (2 s^2). The last step, which draws no noise,
// is left unguided.
struct Proposal {
  Step step;
  std::function<Tensor()> log_ratio;  // float64 [B], of the step just made
};

// For ddpm (small variance), ddim and euler_ancestral with eta above 0; Error for other solvers and for
// recurrence above 1, whose kernel is no Gaussian. Arguments as climb()'s; `solver_noise` feeds the solver.
Proposal climbing_proposal(const Smoothed& objective, const ClimbOptions& options,
                           const SolverOptions& solver, const Tensor& levels, const Noise& solver_noise,
                           const Noise& guide_noise);

}  // namespace steer

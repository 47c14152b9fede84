// Steps of another kernel than the sampler's own, and what they weigh: particles that a gradient has pushed
// count by how likely the sampler alone would have moved there.
#pragma once

#include <functional>

#include "steer/diffusion/solver.h"

namespace steer {

// The deviation of the noise that one step adds, in units of xbar: eta sigma' sqrt(1 - sigma'^2 / sigma^2)
// for ddim, euler_ancestral and ddpm (eta 1), sqrt((sigma^2 - sigma'^2) (1 + sigma'^2) / (1 + sigma^2)) for
// ddpm with the large variance; 0 where a step is deterministic, as the one to sigma' = 0. Error for other
// solvers, whose kernel has no such form.
double kernel_deviation(const SolverOptions& solver, double sigma, double next);

// ln N(x'; m, std^2 I) / N(x'; m + shift, std^2 I) at x' = m + shift + std z: -(shift . z) / std - |shift|^2
// / (2 std^2). Shift and z [B, ...] -> float64 [B].
Tensor log_kernel_ratio(const Tensor& shift, const Tensor& z, double std);

// A step and, after each call of it, ln p(x' | x) / q(x' | x) of each row, float64 [B], for
// Population::set_correction.
struct Proposal {
  Step step;                          // moves the rows
  std::function<Tensor()> log_ratio;  // of the last call of the step
};

// Steps by `guided`, whose answer is the base step's with the same noise, moved: the base is
// make_step(solver, noise), and `guided` must use `noise` in the same way, once in every step that is not
// deterministic. What it clips the base does not, unless D comes clipped. Deterministic steps are the base's,
// because a moved one could not be weighed. A step costs the base's evaluations besides those of `guided`; a
// population has the base's answer at hand. Serves one run. Error for solvers that kernel_deviation refuses
// and for eta 0.
Proposal guided_proposal(const SolverOptions& solver, const Noise& noise, const Step& guided);

}  // namespace steer

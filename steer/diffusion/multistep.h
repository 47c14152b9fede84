// Solvers that look back on former steps through the polynomial of their slopes or answers, whose integrals
// are exact. As all solvers they see samples x float64 [B, ...] in sigma coordinates.
#pragma once

#include <cstdint>
#include <vector>

#include "steer/diffusion/solver.h"
#include "steer/diffusion/solver_time.h"

namespace steer {

// phi_k(z) = sum_n z^n / (n + k)!, the functions of exponential integrators: phi_0 = exp, phi_1 = (e^z - 1) /
// z.
double phi(int64_t k, double z);

// The weight of each node's value in the integral of the polynomial through all of them, given the integrals
// of 1, w, w^2, ... up to the number of nodes. Nodes differ.
std::vector<double> interpolating_weights(const std::vector<double>& nodes,
                                          const std::vector<double>& moments);

// Adams-Bashforth of `order`: the polynomial of the slopes in the given time.
Step adams_bashforth(int64_t order, const SolverTime& time);

// Adams' predictor and corrector of `order`: Adams-Bashforth goes ahead; the slope there, which the next step
// asks for anyway, first corrects by Adams-Moulton.
Step adams(int64_t order, const SolverTime& time);

// DEIS (Zhang and Chen 2023) of `order`: the polynomial of d = (x - D) / sigma in ln sigma, integrated over
// sigma.
Step deis(int64_t order);

// UniPC (Zhao et al. 2023, data prediction, B(h) = e^h - 1) of `order`: D's polynomial in ln sigma predicts;
// the answer there, which the next step asks for anyway, first corrects by the polynomial through it. Orders
// fall to the number of levels left of `steps`, where that is given.
Step unipc(int64_t order, int64_t steps);

}  // namespace steer

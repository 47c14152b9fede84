// Solvers: how a sample goes from noise to data along a grid of levels. All work in sigma coordinates on
// float64 states; a solver is a Step and one loop serves them all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/diffusion/denoiser.h"
#include "steer/diffusion/noise.h"

namespace steer {

// x float64 [B, ...] at sigma -> x at sigma_next, which is lower and may be 0. A step may remember the ones
// before it and counts its draws of noise, so it serves one run.
using Step = std::function<Tensor(const Denoiser&, const Tensor& x, double sigma, double sigma_next)>;

// Which solver, and its constants.
struct SolverOptions {
  std::string name = "heun";
  double eta = -1;
  double alpha = 0.5;
  double churn = 0;
  double churn_min = 0;
  double churn_max = 1e9;
  double churn_noise = 1;
  int64_t order = 4;
  std::string time;
  std::string variance = "small";
  bool clip_x0 = false;
  double clip_range = 0;
  bool keep_eps = false;
  double snr = 0.16;
  int64_t corrections = 1;
  double rtol = 1e-5;
  double atol = 1e-5;

  void fields(OptionFields& f) {
    f("name", name,
      "ddpm, ddim, euler, euler_ancestral, heun, second_order, dpmpp_2s, dpmpp_2m, dpmpp_3m, "
      "dpmpp_2m_sde, dpmpp_3m_sde, lms, adams, deis, unipc, predictor_corrector or dopri5");
    f("eta", eta, "share of fresh noise: 0 = none, 1 = all; -1 = the solver's own (ddim 0, others 1)",
      from_to(-1, 1));
    f("alpha", alpha, "second_order: place of the middle evaluation, 0.5 midpoint, 1 Heun", more_than(0));
    f("churn", churn, "heun: S_churn, noise put back over the whole run; 0 = none", at_least(0));
    f("churn_min", churn_min, "heun: S_min, lowest sigma with churn", at_least(0));
    f("churn_max", churn_max, "heun: S_max, highest sigma with churn", at_least(0));
    f("churn_noise", churn_noise, "heun: S_noise, scale of the noise put back", at_least(0));
    f("order", order, "lms: steps it looks back on; adams, deis, unipc: the same, at most 3", from_to(1, 4));
    f("time", time,
      "heun, second_order, lms, adams: sigma, or flow for sigma / (1 + sigma), in which ways are nearly "
      "straight; empty = flow for adams, else sigma");
    f("variance", variance, "ddpm: small (the posterior's) or large (beta)");
    f("clip_x0", clip_x0, "clip what the denoiser says");
    f("clip_range", clip_range, "clip_x0: largest size that is left; 0 = 1", at_least(0));
    f("keep_eps", keep_eps,
      "ddim with clip_x0: the noise stays as the network gave it; false = it follows from the clipped "
      "answer");
    f("snr", snr, "predictor_corrector: signal to noise of a Langevin step", more_than(0));
    f("corrections", corrections, "predictor_corrector: Langevin steps at each level", from_to(0, 10000));
    f("rtol", rtol, "dopri5: relative tolerance", more_than(0));
    f("atol", atol, "dopri5: absolute tolerance", more_than(0));
  }
};

// The words of SolverOptions::name.
const std::vector<std::string>& solver_names();
// The same with what each means.
const std::vector<Named>& solvers();

// Whether a solver draws no noise as the options stand.
bool is_deterministic(const SolverOptions& options);

// Whether its steps look back on former ones.
bool looks_back(const SolverOptions& options);

// The step of a solver. With D = D(x; sigma), d = (x - D) / sigma, lambda = -ln sigma, h = lambda' - lambda:
//
//   ddpm             ancestral sampling (Ho et al. 2020), abar = 1 / (1 + sigma^2); no noise in the step to 0
//   ddim             Song, Meng, Ermon 2021, equation 12; eta 1 is ddpm with the small variance. It clips D
//                    itself where keep_eps is set, the noise (x - D) / sigma being that before
//   euler            x + (sigma' - sigma) d
//   euler_ancestral  euler to sigma_down, then noise sigma_up (eta as in ddim)
//   heun             Karras et al. 2022, algorithm 2, whose gamma is min(churn / steps, sqrt 2 - 1)
//   second_order     Karras et al. 2022, algorithm 3 without churn: the family of alpha; heun is alpha 1.
//                    With `time` flow both average the velocities of solver_time.h, as lms does
//   dpmpp_2s, _2m, _3m      DPM-Solver++ (Lu et al. 2022): single step of order 2, multistep of order 2 and 3
//   dpmpp_2m_sde, _3m_sde   its stochastic forms. eta 0 is the ODE; _3m_sde, which gives the second
//                    difference half of Taylor's weight as other programs do, is of order 2 there
//   lms, adams, deis, unipc  multistep.h: the polynomial of slopes in their time, the same with a corrector,
//   of
//                    d in ln sigma, and of D in ln sigma with a corrector
//   predictor_corrector     an ancestral step, then Langevin steps at sigma' (Song et al. 2021,
//                    algorithm 5) of length 2 (snr |n| / |score|)^2, norms of each sample's own, at most
//                    sigma'^2
//   dopri5           adaptive.h on the flow's velocity in t = sigma / (1 + sigma) for x / (1 + sigma),
//                    where ways are nearly straight and tolerances are in units of the data, from sigma to
//                    sigma' > 0; D where sigma' = 0
//
// `steps` is the number of levels to go, which churn is divided by; needed for churn > 0 alone. Error for
// unknown words and numbers out of range.
Step make_step(const SolverOptions& options, const Noise& noise, int64_t steps = 0);

// The largest size that clip_x0 leaves.
double clip_limit(const SolverOptions& options);

// The denoiser as a solver's step sees it: clipped where the options say so, except where the step does it.
Denoiser clipped_for(const SolverOptions& options, const Denoiser& denoiser);

// What an observer sees after each step.
struct SolverStep {
  int64_t index;      // of the step just made, from 0
  int64_t steps;      // how many there are
  double sigma;       // the level it came from
  double sigma_next;  // the level it went to
  Tensor x;           // float64 [B, ...] at sigma_next
  Tensor x0;          // the denoiser's first answer in this step
};

// Sees every step; false stops the run.
using SolverObserver = std::function<bool(const SolverStep&)>;

// Where a run ended, and what it took.
struct Solution {
  Tensor x;                 // float64 [B, ...]
  double sigma = 0;         // the level it stands at: the last one unless an observer stopped the run
  int64_t evaluations = 0;  // calls of the denoiser for one sample; the most that any sample took
  Tensor evaluations_each;  // int64 [B]
};

// Goes from x [B, ...] at levels[0] along the levels (float64 [n + 1], descending, the last may be 0).
// `seeds`, int64 [B], feed the stochastic solvers. dopri5 needs no grid: it goes from the first level to the
// last positive one and then, where the grid ends in 0, takes D; samples that need fewer steps leave the
// batch early, so a denoiser that ties something to each row must come as DenoiserOf. No gradients are kept.
// A sample depends on its own seed and start alone. Error for levels that do not fall, a wrong number of
// seeds and samples that are not finite.
Solution solve(const Denoiser& denoiser, const Tensor& x, const Tensor& levels, const SolverOptions& options,
               const Tensor& seeds, const SolverObserver& observer = {});
Solution solve(const DenoiserOf& denoiser_of, const Tensor& x, const Tensor& levels,
               const SolverOptions& options, const Tensor& seeds, const SolverObserver& observer = {});

// The same with noise that is made elsewhere.
Solution solve(const DenoiserOf& denoiser_of, const Tensor& x, const Tensor& levels,
               const SolverOptions& options, const Noise& noise, const SolverObserver& observer = {});

// The loop alone, for a step that is wrapped or made elsewhere.
Solution solve(const Denoiser& denoiser, const Tensor& x, const Tensor& levels, const Step& step,
               const SolverObserver& observer = {});

}  // namespace steer

// Training-free guidance (TFG; Ye et al., NeurIPS 2024): a solver's step that also climbs an objective by its
// gradient. DPS, LGD, FreeDoM, MPGD and UGD are settings of it (presets.h).
#pragma once

#include "steer/core/option_fields.h"
#include "steer/diffusion/solver.h"
#include "steer/guidance/smoothed.h"

namespace steer {

// What is climbed, and how strongly.
struct ClimbOptions {
  std::string form = "auto";
  double rho = 1;
  double mu = 1;
  double sigma = 0.01;
  std::string rho_structure = "increase";
  std::string mu_structure = "increase";
  std::string sigma_structure = "decrease";
  std::string normalise = "none";
  int64_t recurrence = 1;
  int64_t iterations = 4;
  int64_t draws = 1;
  double data_std = 0.5;
  double gradient_limit = 0;
  double reach = 0;
  bool clip_x0 = true;
  bool keep_eps = false;
  bool safe = false;
  double late = 0;
  double momentum = 0;
  int64_t jacobian = 0;
  double enough = 0;

  void fields(OptionFields& f) {
    f("form", form,
      "step (as published: what is added to a step; ddpm, ddim, euler, euler_ancestral), denoiser (added to "
      "every answer of the denoiser; strengths hold when the number of steps changes; any solver but dopri5) "
      "or "
      "auto: step where the solver allows");
    f("rho", rho, "variance guidance: strength of the gradient through the network; 0 = none", at_least(0));
    f("mu", mu, "mean guidance: strength of the gradient at the denoised sample; 0 = none", at_least(0));
    f("sigma", sigma,
      "implicit dynamics: deviation of the noise that the objective is seen through; 0 = none", at_least(0));
    f("rho_structure", rho_structure,
      "how rho goes along the levels: increase, decrease, constant (mean 1 over the grid), sqrt_alpha, "
      "increase_sqrt_alpha, beta, or posterior (the variance that the denoiser leaves open)");
    f("mu_structure", mu_structure, "how mu goes along the levels: the same words");
    f("sigma_structure", sigma_structure,
      "how sigma goes along the levels: decrease, constant or posterior (what the denoiser leaves open)");
    f("normalise", normalise,
      "divide rho by |log f| (score) or its root (root) of each sample, or none; residual: of measurements "
      "the length |y - A x| is climbed instead, others are divided by |log f|");
    f("recurrence", recurrence, "times that each step is made, with fresh noise between", from_to(1, 10000));
    f("iterations", iterations, "gradient steps of mean guidance", from_to(0, 10000));
    f("draws", draws,
      "draws of the implicit dynamics; 0 = linear objectives in closed form, others unsmoothed",
      from_to(0, 1 << 20));
    f("data_std", data_std, "deviation of the data, for sigma_structure posterior", more_than(0));
    f("gradient_limit", gradient_limit, "largest root mean square of a sample's gradient; 0 = none",
      at_least(0));
    f("reach", reach,
      "largest root mean square by which a term moves a sample in a step, in units of what the denoiser "
      "leaves open "
      "(data_std); 0 = any. Keeps samples without a limit from running away",
      at_least(0));
    f("clip_x0", clip_x0,
      "clip what the denoiser says to the limit of the samples, where they have one, before guidance; in the "
      "denoiser "
      "form after it too");
    f("keep_eps", keep_eps,
      "form step, clip_x0: the noise of a step is that of the answer before it was clipped");
    f("safe", safe,
      "shorten, for each sample, what would lower the score; what raises it stays as it is. false: as "
      "published even where that leaps over what it aims at");
    f("late", late,
      "both strengths in the last step over those in the first, going by equal factors with a mean of 1; 0 = "
      "as the structures are",
      at_least(0));
    f("momentum", momentum, "mean guidance: share of an iteration's move that the next goes on with",
      from_below(0, 1));
    f("jacobian", jacobian,
      "linear objectives are seen through the covariance that the network's own derivative gives, by so many "
      "steps of conjugate gradients, each a pass back; 0 = by data_std",
      from_to(0, 1000));
    f("enough", enough, "samples whose score is above minus this are left alone; 0 = none", at_least(0));
  }
};

// Whether anything would be climbed at all.
bool climbs(const ClimbOptions& options);

// Whether measurements are climbed by the length of what is left, for Smoothed.
bool lengths_climbed(const ClimbOptions& options);

// The form that `auto` stands for with this solver. Error for unknown words, numbers out of range, and
// solvers that the form, recurrence or TFG itself does not allow, named.
std::string checked_form(const ClimbOptions& options, const SolverOptions& solver);

// The step of `solver`, climbing. In sigma coordinates (xbar = x_t / sqrt(abar), abar = 1 / (1 + sigma^2)),
// with F = log f smoothed by n draws of noise of deviation sigma s_sigma, g = dF/dx0 at x0 = D(xbar), J =
// dD/dxbar:
//
//   Delta_t = rho s_rho J^T g;    y <- y + mu s_mu dF/dy, `iterations` times from x0;    Delta_0 = y - x0
//   form step        xbar' = step(D) + (1 + sigma^2) Delta_t + Delta_0: the published update exactly
//   form denoiser    step(D'), D' = D + sigma^2 Delta_t + Delta_0 at every evaluation: rho is the weight of
//                    classifier guidance, whatever the number of steps
//   reach            each added term, (1 + sigma^2) Delta_t, sigma^2 Delta_t or Delta_0, is shortened to a
//   root mean
//                    square of at most reach s sigma / sqrt(s^2 + sigma^2)
//   safe             S being the score as its gradient saw it, moves m with S(x0 + m) - S(x0) < c <g, m> (c =
//                    1/4 where all terms are linear, else 0) are shortened, of each sample for itself: the
//                    iterations of mean guidance, then both terms together, or else each and then both; of
//                    the step to sigma' = 0, whose answer is the sample, S is the score without noise
//   momentum         y <- y + m_i, m_i = mu s_mu dF/dy + momentum m_(i-1)
//   jacobian         g = A' (sigma^2 A J A' + noise^2)^-1 (y - A x0) of linear terms (covariance_pull.h)
//   enough           samples with S(x0) > -enough move by nothing
//   recurrence       between repetitions xbar = xbar' + sqrt(sigma^2 - sigma'^2) z
//
// Structures, with alpha = (1 + sigma'^2) / (1 + sigma^2), beta = 1 - alpha, T steps: increase alpha T / sum
// alpha, decrease beta T / sum beta, constant 1, sqrt_alpha, increase_sqrt_alpha = increase sqrt(alpha),
// beta, posterior (s sigma)^2 / (s^2 + sigma^2): with it, sigma_structure posterior, draws 0 and mu = 1 an
// iteration of mean guidance is the whole Gauss-Newton step to the likeliest clean sample given x0 and the
// measurements. late: step i of T times l^(i / (T - 1)), over the mean of these. Of sigma: decrease sigma /
// sqrt(1 + sigma^2), constant 1, posterior s sigma / sqrt(s^2 + sigma^2), s = data_std.
//
// One step costs `recurrence` times one network evaluation, one pass back to its input (none if rho = 0) and
// max(iterations, 1) guide gradients (one if mu = 0): the first gradient at x0 serves both terms. To be safe
// costs one look of the guide without gradient more, and up to some twenty where moves are shortened.
// `levels` is the grid of the run, `noise` feeds the draws and recurrences (draw numbers even and odd). The
// objective must outlive the step; samples are [B, C, H, W], B a multiple of its targets.
Step climb(const Step& step, const Smoothed& objective, const ClimbOptions& options,
           const SolverOptions& solver, const Tensor& levels, const Noise& noise);

// A gradient [B, ...] with the root mean square of each sample limited: g min(1, limit / RMS).
Tensor limited_gradient(const Tensor& gradient, double limit);

}  // namespace steer

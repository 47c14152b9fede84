// Guidance of diffusion without gradients: several rows of each sample take every step of a solver and
// compete by the score of what the denoiser makes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "steer/diffusion/solver.h"
#include "steer/objectives/objective.h"

namespace steer {

struct PopulationOptions {
  std::string method = "none";
  int64_t count = 4;
  int64_t paths = 1;
  double temperature = 1;
  std::string potential = "difference";
  int64_t every = 1;
  double first_sigma = 1e9;
  double last_sigma = 0;
  double threshold = 0.5;

  template <class F>
  void fields(F& f) {
    f("method", method,
      "none, best_of (the best of whole runs), svdd (one candidate goes on from each step), feynman_kac "
      "(particles, resampled by weight) or tree (the best candidates of several paths go on)");
    f("count", count,
      "rows of each sample: runs, candidates of a step, particles, or all children of a tree");
    f("paths", paths, "tree: paths that go on from a step; divides count");
    f("temperature", temperature, "svdd, feynman_kac: divides the scores; svdd: 0 = the best candidate");
    f("potential", potential, "feynman_kac: what weighs, difference, max or sum of scores");
    f("every", every, "steps from one weighing to the next; the last step always weighs");
    f("first_sigma", first_sigma, "highest level at which rows are weighed");
    f("last_sigma", last_sigma, "lowest level at which rows are weighed, but for the end");
    f("threshold", threshold, "feynman_kac: resample at effective sample sizes below this share of count");
  }
};

// Error for unknown words and numbers out of range.
void check_population(const PopulationOptions& options);

// Also refuses solvers that the method cannot use: best_of takes all of them; the others need steps that draw
// noise, or the rows of one sample would stay equal, and that remember no former steps, which belong to other
// rows after a resampling.
void check_population(const PopulationOptions& options, const SolverOptions& solver);

// W rows for each of N samples. After a step to sigma' the rows are judged by s = score(D(xbar'; sigma')), at
// the end by s = score(x_0), and go on by `method`:
//
//   best_of      all rows to the end; wins the best. No evaluation more than the rows' own
//   svdd         one row of each sample, drawn from softmax(s / temperature), takes the place of all (soft
//                value-based decoding with the denoised sample for the value; Li et al. 2024)
//   feynman_kac  rows weigh as path_weights.h tells, are resampled systematically when their effective number
//                falls below threshold W, and the winner is drawn by the final weights: with many rows the
//                sample comes from p(x_0) exp(score / temperature) / Z (Singhal et al. 2025)
//   tree         the `paths` best rows take the places of W / paths each (TreeG, current state; Guo et al.
//                2025); wins the best
//
// The rows of a sample begin apart, so that the beginning is their first draw. A weighing evaluates the
// denoiser once for all rows, and where the next step asks the same of it without gradients it gets that
// answer: solvers whose first question is at the step's own x and sigma cost no evaluation more than without
// guidance, W for each step of one evaluation. Scores that are not finite lose to all others. A sample is a
// function of its seed and its target alone.
//
// What a denoiser makes of much noise is too sure of itself: where scores are strong, particles need a lower
// first_sigma, a higher temperature or larger numbers. Potentials max and sum count scores at every weighing
// and are meant for a few of them (every).
class Population {
 public:
  // Seeds int64 [N]. N must be a multiple of the objective's targets, in equal consecutive groups. The
  // objective must outlive the population and its steps.
  Population(const Objective& objective, const PopulationOptions& options, const Tensor& seeds);

  // N W; sample i has the rows i W to i W + W - 1. W is count, or 1 for method none.
  int64_t rows() const;

  // int64 [N W], for starting_noise and seeded_noise. The first row of each sample has the sample's own seed,
  // the others seeds derived from it.
  Tensor row_seeds() const;

  // What belongs to samples, [N, ...] (labels), for the rows: [N W, ...]; undefined stays undefined.
  Tensor spread(const Tensor& per_sample) const;

  // Feynman-Kac with steps of another kernel q than the base's p: `log_ratio` is asked after every step for
  // ln p(x' | x) / q(x' | x) of each row, [N W], which multiplies the weights. Before wrap().
  void set_correction(std::function<Tensor()> log_ratio);

  // The step that moves all rows by `inner` and weighs them; begins a run.
  Step wrap(const Step& inner);

  // Ends a run with samples [N W, ...] that were made otherwise (dopri5); a wrapped step to sigma 0 does so
  // itself.
  void judge(const Tensor& x);

  // After the end: the row of each sample that won, int64 [N]; the scores of all rows, float64 [N, W].
  Tensor winners() const;
  Tensor scores() const;

  // Feynman-Kac, after the end: ln of an unbiased estimate of E[exp(score(x_0) / temperature)], float64 [N];
  // -inf where no row of a sample ended with a finite score.
  Tensor log_evidence() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace steer

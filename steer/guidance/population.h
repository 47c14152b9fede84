// Guidance of diffusion without gradients: several rows of each sample take every step of a solver and
// compete by the score of what the denoiser makes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "steer/guidance/population_options.h"
#include "steer/guidance/smoothed.h"
#include "steer/objectives/objective.h"

namespace steer {

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
// In a tree whose branch is `destination` the W = `paths` rows of a sample are its paths. Each has count /
// paths children D(xbar; sigma) + std n, std = s sigma / sqrt(s^2 + sigma^2), s = data_std, the first without
// noise; the W best are what the rows then step towards, for W evaluations a step and `count` scores.
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

  // N W; sample i has the rows i W to i W + W - 1. W is count, 1 for method none, paths for a tree of
  // destinations.
  int64_t rows() const;

  // int64 [N W], for starting_noise and seeded_noise. The first row of each sample has the sample's own seed,
  // the others seeds derived from it.
  Tensor row_seeds() const;

  // What belongs to samples, [N, ...] (labels), for the rows: [N W, ...]; undefined stays undefined.
  Tensor spread(const Tensor& per_sample) const;

  // Unfinished rows are judged through what the denoiser leaves open, Smoothed::closed with the deviation of
  // data of deviation data_std, in place of taking the denoised sample for the finished one, which is too
  // sure of itself. The end is judged as ever. `objective` is that of the population and must outlive it.
  // Before wrap(). Error where it is not whole().
  void foresee(const Smoothed& objective);

  // Feynman-Kac with steps of another kernel q than the base's p: `log_ratio` is asked after every step for
  // ln p(x' | x) / q(x' | x) of each row, [N W], which multiplies the weights. Before wrap().
  void set_correction(std::function<Tensor()> log_ratio);

  // The step that moves all rows by `inner` and weighs them; begins a run.
  Step wrap(const Step& inner);

  // Ends a run with samples [N W, ...] that were made otherwise (dopri5); a wrapped step to sigma 0 does so
  // itself.
  void judge(const Tensor& x);

  // After the end:
  Tensor winners() const;  // the row of each sample that won, int64 [N]
  Tensor scores() const;   // the scores of all rows, float64 [N, W]

  // Feynman-Kac, after the end: ln of an unbiased estimate of E[exp(score(x_0) / temperature)], float64 [N];
  // -inf where no row of a sample ended with a finite score.
  Tensor log_evidence() const;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace steer

// Which way the rows of a population compete, and which solvers they can do it with.
#pragma once

#include <cstdint>
#include <string>

#include "steer/core/option_fields.h"
#include "steer/diffusion/solver.h"

namespace steer {

// Which method, and its constants.
struct PopulationOptions {
  std::string method = "none";
  int64_t count = 4;
  int64_t paths = 1;
  double temperature = 1;
  bool spread = false;
  std::string potential = "difference";
  std::string branch = "state";
  double data_std = 0.5;
  int64_t every = 1;
  double first_sigma = 1e9;
  double last_sigma = 0;
  double threshold = 0.5;

  void fields(OptionFields& f) {
    f("method", method,
      "none, best_of (the best of whole runs), svdd (one candidate goes on from each step), feynman_kac "
      "(particles, resampled by weight) or tree (the best candidates of several paths go on)");
    f("count", count, "rows of each sample: runs, candidates of a step, particles, or all children of a tree",
      from_to(1, 1 << 20));
    f("paths", paths, "tree: paths that go on from a step; divides count", from_to(1, 1 << 20));
    f("temperature", temperature, "svdd, feynman_kac: divides the scores; svdd: 0 = the best candidate",
      at_least(0));
    f("spread", spread,
      "the temperature is in units of the largest deviation among the scores of a sample's rows so far, for "
      "scores that are no logarithms of probabilities");
    f("potential", potential, "feynman_kac: what weighs, difference, max or sum of scores");
    f("branch", branch,
      "tree: children are drawn at the next level (state; one evaluation each) or as noise on the denoised "
      "sample (destination; one evaluation for each path)");
    f("data_std", data_std,
      "deviation of the data, by which an unfinished sample is uncertain (linear objectives; destinations)",
      more_than(0));
    f("every", every, "steps from one weighing to the next; the last step always weighs", at_least(1));
    f("first_sigma", first_sigma, "highest level at which rows are weighed", at_least(0));
    f("last_sigma", last_sigma, "lowest level at which rows are weighed, but for the end", at_least(0));
    f("threshold", threshold, "feynman_kac: resample at effective sample sizes below this share of count",
      from_to(0, 1));
  }
};

// Whether the options are those of a tree whose branch is `destination`.
bool by_destination(const PopulationOptions& options);

// Error for unknown words and numbers out of range.
void check_population(const PopulationOptions& options);

// Also refuses solvers that the method cannot use: best_of takes all of them; the others need steps that draw
// noise, or the rows of one sample would stay equal, and that remember no former steps, which belong to other
// rows after a resampling. A tree of destinations needs no noise but a step of one evaluation.
void check_population(const PopulationOptions& options, const SolverOptions& solver);

}  // namespace steer

// An objective that guides a solver: by its gradient, by rows that compete, or both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "steer/core/space.h"
#include "steer/diffusion/noise.h"
#include "steer/diffusion/solver.h"
#include "steer/guidance/population.h"
#include "steer/guidance/presets.h"
#include "steer/guidance/smoothed.h"
#include "steer/objectives/objective.h"

namespace steer {

// What guidance makes of a solver's step, for a denoiser of any origin:
//
//   const Guide guide(objective, space, solver, suited_guidance("", kOwnStrength, objective, space));
//   Population population = guide.population(seeds);
//   const Step step = guide.step(population, levels);
//   const Tensor rows = starting_noise(population.row_seeds(), space.sizes, sigma);
//   const Tensor x = solve(clipped_for(solver, D), rows, levels, step).x;
//   const Tensor samples = x.index_select(0, population.winners());
class Guide {
 public:
  // The noise of rows with these seeds, [B] -> draws [B, sizes...].
  using NoiseOf = std::function<Noise(const Tensor& seeds)>;

  // The objective must outlive this. Error, with the objective's words, where the settings do not go together
  // or do not suit the solver, where a term without gradient would be climbed, and where samples that are
  // judged as one (group_of) would compete.
  Guide(const Objective& objective, const Space& space, const SolverOptions& solver,
        const GuidanceOptions& guidance);

  // How the gradient acts, step or denoiser; empty where none is followed.
  const std::string& form() const { return form_; }
  // Rows that each sample has.
  int64_t rows_each() const;

  // For samples with seeds int64 [N], N a multiple of the objective's targets.
  Population population(const Tensor& seeds) const;

  // The step that moves the population's rows, begins one run along `levels` and ends within the limit of the
  // samples. The population must outlive it. noise_of: seeded_noise unless told, for samples whose noise is
  // confined.
  Step step(Population& population, const Tensor& levels, const NoiseOf& noise_of = {}) const;

 private:
  const Objective& objective_;
  Space space_;
  SolverOptions solver_;
  GuidanceOptions guidance_;
  std::optional<Smoothed> smoothed_;
  std::string form_;
};

}  // namespace steer

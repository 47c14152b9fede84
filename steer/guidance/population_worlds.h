// Small things that the tests of populations share: objectives by formula, the law of an ancestral chain on
// the Gaussian world, and a run.
#pragma once

#include <cmath>
#include <functional>

#include "steer/diffusion/levels.h"
#include "steer/diffusion/test_worlds.h"
#include "steer/guidance/population.h"

namespace steer {

// Any function of samples x [N, ...] -> [N], for T targets.
struct Formula : Objective {
  explicit Formula(std::function<Tensor(const Tensor&)> of, int64_t count = 1)
      : of(std::move(of)), count(count) {}
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return of(x);
  }
  int64_t targets() const override { return count; }
  bool differentiable() const override { return false; }
  std::string words() const override { return "formula"; }
  std::function<Tensor(const Tensor&)> of;
  int64_t count;
};

// -|x - c|^2 / (2 kap^2)
inline Formula near(double c, double kap) {
  return Formula([=](const Tensor& x) { return -(x - c).square().flatten(1).sum(1) / (2 * kap * kap); });
}

// A Gaussian in one number, and what exp(-(x - c)^2 / (2 kap^2)) makes of it.
struct Law {
  double mean, variance;
  Law tilted(double c, double kap) const {
    const double v = 1 / (1 / variance + 1 / (kap * kap));
    return {v * (mean / variance + c / (kap * kap)), v};
  }
  double evidence(double c, double kap) const {
    const double v = variance + kap * kap;
    return kap / std::sqrt(v) * std::exp(-(mean - c) * (mean - c) / (2 * v));
  }
};

// What euler_ancestral makes of N(0, levels[0]^2) in the world: every step is linear in x.
inline Law ancestral_law(const GaussianWorld& world, const Tensor& levels) {
  Law law{0, std::pow(levels[0].item<double>(), 2)};
  for (int64_t i = 0; i + 1 < levels.size(0); ++i) {
    const double sigma = levels[i].item<double>(), next = levels[i + 1].item<double>();
    const double up = next * std::sqrt(1 - next / sigma * (next / sigma)),
                 down = std::sqrt(next * next - up * up);
    const double all = world.s * world.s + sigma * sigma;
    const double kept = down / sigma + (1 - down / sigma) * world.s * world.s / all;
    law = {kept * law.mean + (1 - down / sigma) * sigma * sigma / all * world.mu,
           kept * kept * law.variance + up * up};
  }
  return law;
}

inline SolverOptions solver_named(const std::string& name) {
  SolverOptions options;
  options.name = name;
  return options;
}

// A population's run from noise along levels: all rows, and those that won.
struct PopulationRun {
  Solution all;
  Tensor x;  // [N, ...]
};

inline PopulationRun population_run(Population& population, const Denoiser& D, at::IntArrayRef shape,
                                    const Tensor& levels,
                                    const SolverOptions& solver = solver_named("euler_ancestral")) {
  const Tensor seeds = population.row_seeds();
  const Step step = make_step(solver, seeded_noise(seeds, shape), levels.size(0) - 1);
  const Tensor start = starting_noise(seeds, shape, levels[0].item<double>());
  PopulationRun made{solve(D, start, levels, population.wrap(step)), {}};
  made.x = made.all.x.index_select(0, population.winners());
  return made;
}

inline PopulationOptions method(const std::string& name, int64_t count) {
  PopulationOptions options;
  options.method = name, options.count = count;
  return options;
}

}  // namespace steer

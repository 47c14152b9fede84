// How a diffusion model is sampled: its grid of levels, its solver, and guidance by its own condition.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/solver.h"

namespace steer {

// Grid, solver and strength.
struct SamplerOptions {
  std::string process;
  LevelOptions levels;
  SolverOptions solver;
  double scale = 1;

  void fields(OptionFields& f) {
    f("process", process, "process whose range and grid the levels are of; empty = the model's own");
    f("levels", levels, "the grid of noise levels");
    f("solver", solver, "how a sample goes from level to level");
    f("scale", scale,
      "of a class-conditional model: how far it goes from its answer without class toward the one with it; "
      "1 = the latter alone",
      at_least(0));
  }
};

// What suits a process: heun on 18 karras levels; for flow heun on 18 of the flow's own times, from sigma 80
// on; for the tables of ddpm and cosine 50 steps of ddim.
SamplerOptions suited_sampler(const std::string& process);

// The sampler for guidance of a model whose own is given: fifty steps on its grid of ddim with eta 1, whose
// fresh noise lets later steps mend what earlier ones did.
SamplerOptions suited_guided_sampler(const SamplerOptions& own);

}  // namespace steer

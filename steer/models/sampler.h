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
  int64_t atoms = 0;

  void fields(OptionFields& f) {
    f("process", process, "process whose range and grid the levels are of; empty = the model's own");
    f("levels", levels, "the grid of noise levels");
    f("solver", solver, "how a sample goes from level to level");
    f("scale", scale,
      "of a class-conditional model: how far it goes from its answer without class toward the one with it; "
      "1 = the latter alone",
      at_least(0));
    f("atoms", atoms, "of molecules: how many each has; 0 = as the training data, each sample by its seed",
      from_to(0, 1 << 12));
  }
};

// Whether the levels of a process are the entries of a table of betas: ddpm and cosine.
bool is_of_table(const std::string& process);

// What suits a process, by what came nearest to the flow's end at 5 to 40 evaluations (docs/results.md): 18
// steps of adams, on the exponential grid from sigma 0.02 on; for flow of order 2, on the flow's own times
// below sigma 80; for the tables of ddpm and cosine 20 steps of unipc of order 2. `sigma_min` as
// ProcessOptions.
SamplerOptions suited_sampler(const std::string& process, double sigma_min = 0);

// What models of a table are drawn with as published (Song et al. 2021): 50 steps of ddim on entries of it.
SamplerOptions published_sampler();

// The sampler for guidance of a model whose own is given: fifty steps of ddim with eta 1, whose fresh noise
// lets later steps mend what earlier ones did, on its grid; in place of exponential, which spends them on
// little noise, the karras one or, for a table's process, its entries.
SamplerOptions suited_guided_sampler(const SamplerOptions& own, const std::string& process);

}  // namespace steer

#include "steer/models/sampler.h"

namespace steer {

bool is_of_table(const std::string& process) {
  return process == "ddpm" || process == "cosine";
}

SamplerOptions suited_sampler(const std::string& process, double sigma_min) {
  SamplerOptions sampler;
  sampler.solver.name = "adams";
  sampler.levels.type = "exponential";
  // What is left below is far less than a level of a byte; Adams goes on from there to 0.
  constexpr double kLowest = 0.02;
  if (sigma_min < kLowest) sampler.levels.sigma_min = kLowest;
  if (process == "flow") {
    sampler.levels = {};
    sampler.levels.type = "flow";
    // From there to the flow's own end, a thousand, there is nothing but noise.
    sampler.levels.sigma_max = 80;
    // Networks of straight ways are rougher in time than those of smooth ones.
    sampler.solver.order = 2;
  }
  if (is_of_table(process)) {
    sampler.solver.name = "unipc";
    sampler.solver.order = 2;
    sampler.levels.steps = 20;
  }
  return sampler;
}

SamplerOptions published_sampler() {
  SamplerOptions sampler;
  sampler.levels.type = "ddpm_trailing";
  sampler.levels.steps = 50;
  sampler.solver.name = "ddim";
  return sampler;
}

SamplerOptions suited_guided_sampler(const SamplerOptions& own, const std::string& process) {
  SamplerOptions sampler = own;
  if (sampler.levels.type == "exponential")
    sampler.levels = is_of_table(process) ? published_sampler().levels : LevelOptions();
  sampler.levels.steps = 50;
  sampler.solver = {};
  sampler.solver.name = "ddim";
  sampler.solver.eta = 1;
  return sampler;
}

}  // namespace steer

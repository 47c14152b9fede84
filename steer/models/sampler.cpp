#include "steer/models/sampler.h"

namespace steer {

SamplerOptions suited_sampler(const std::string& process) {
  SamplerOptions sampler;
  if (process == "flow") sampler.levels.type = "flow";
  if (process == "ddpm" || process == "cosine") {
    sampler.levels.type = "ddpm_trailing";
    sampler.levels.steps = 50;
    sampler.solver.name = "ddim";
  }
  return sampler;
}

}  // namespace steer

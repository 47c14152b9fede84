#include "steer/models/sampler.h"

namespace steer {

SamplerOptions suited_sampler(const std::string& process) {
  SamplerOptions sampler;
  if (process == "flow") {
    sampler.levels.type = "flow";
    // From there to the flow's own end, a thousand, there is nothing but noise; steps of second order, which
    // average slopes over sigma, lose their order on the way.
    sampler.levels.sigma_max = 80;
  }
  if (process == "ddpm" || process == "cosine") {
    sampler.levels.type = "ddpm_trailing";
    sampler.levels.steps = 50;
    sampler.solver.name = "ddim";
  }
  return sampler;
}

SamplerOptions suited_guided_sampler(const SamplerOptions& own) {
  SamplerOptions sampler = own;
  sampler.levels.steps = 50;
  sampler.solver = {};
  sampler.solver.name = "ddim";
  sampler.solver.eta = 1;
  return sampler;
}

}  // namespace steer

#include "steer/models/diffusion_beginning.h"

#include <algorithm>

#include "steer/core/options.h"
#include "steer/diffusion/noise.h"

namespace steer {
namespace {

// The same law from another first level, and to a last one that lies below it.
Tensor levels_from(const DiffusionModel& model, SamplerOptions sampler, const Tensor& own, double sigma) {
  constexpr double kNear = 2;
  static const std::vector<std::string> of_tables = {"iddpm",         "ddpm_leading", "ddpm_trailing",
                                                     "ddpm_linspace", "ddpm_even",    "quadratic"};
  LevelOptions& levels = sampler.levels;
  if (among(levels.type, of_tables)) levels.type = "time";
  const int64_t steps = own.size(0) - 1;
  const double lowest = own[steps - 1].item<double>();
  levels.steps = steps, levels.sigma_max = sigma, levels.sigma_min = lowest;
  // Below where the process ends there is no time of its own.
  if (sigma <= kNear * lowest) levels.type = "karras", levels.sigma_min = sigma / kNear / kNear;
  return model.levels(sampler);
}

}  // namespace

DiffusionStart start_of(const DiffusionModel& model, const SamplerOptions& sampler, const Beginning& begin,
                        const Tensor& seeds) {
  const std::vector<int64_t> sizes = model.space().sizes;
  Tensor levels = model.levels(sampler);
  const double first = levels[0].item<double>();
  if (!begin.defined()) return {levels, starting_noise(seeds, sizes, first)};
  const double sigma = begin.noise / (1 - begin.noise);
  if (sigma < first) levels = levels_from(model, sampler, levels, sigma);
  const Tensor noise = starting_noise(seeds, sizes, std::min(sigma, first));
  return {levels, begin.from.x.to(noise.device(), noise.scalar_type()) + noise};
}

}  // namespace steer

#include "steer/models/diffusion_beginning.h"

#include <algorithm>
#include <cmath>

#include "steer/core/options.h"
#include "steer/diffusion/noise.h"
#include "steer/diffusion/solver_time.h"

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

Tensor inverted(const Denoiser& denoiser, const Tensor& x0, const Tensor& levels) {
  const SolverTime time("flow");
  const int64_t steps = levels.size(0) - 1;
  const auto level = [&](int64_t i) { return levels[i].item<double>(); };
  const auto answer = [&](const Tensor& x, double sigma) {
    return denoiser(x, at::full({x.size(0)}, sigma, x.options())).to(x.scalar_type());
  };
  Tensor x = x0.to(torch::kFloat64);
  x = x + (x - answer(x, level(steps - 1)));
  for (int64_t i = steps - 2; i >= 0; --i) {
    const double from = level(i + 1), to = level(i), dt = time.time(to) - time.time(from);
    const Tensor slope = time.slope(x, answer(x, from), from), place = time.place(x, from);
    const Tensor ahead = time.sample(place + dt * slope, to);
    const Tensor mean = (slope + time.slope(ahead, answer(ahead, to), to)) / 2;
    x = time.sample(place + dt * mean, to);
  }
  return x;
}

Tensor label_backwards(const DiffusionModel& model, const Tensor& label) {
  const bool knows_none = model.knows_no_class() || !model.told_names().empty();
  return label.defined() && knows_none ? model.without_condition(label) : label;
}

Tensor latents_of(const DiffusionModel& model, const State& from, const Tensor& label) {
  const Tensor levels = model.levels(model.sampler());
  const Denoiser back = model.guided_denoiser(label_backwards(model, label), 1);
  return inverted(back, from.x.to(model.device()), levels) / levels[0].item<double>();
}

Tensor between(const Tensor& a, const Tensor& b, double share) {
  const Tensor one = a.flatten(), other = b.flatten();
  const double cosine = (one.dot(other) / (one.norm() * other.norm())).item<double>();
  const double angle = std::acos(std::clamp(cosine, -1.0, 1.0)), sine = std::sin(angle);
  constexpr double kStraight = 1e-4;
  if (sine < kStraight) return (1 - share) * a + share * b;
  return (std::sin((1 - share) * angle) * a + std::sin(share * angle) * b) / sine;
}

DiffusionStart start_of(const DiffusionModel& model, const SamplerOptions& sampler, const Beginning& begin,
                        const Tensor& seeds, const Tensor& places, const Tensor& label,
                        const std::shared_ptr<int64_t>& calls) {
  const std::vector<int64_t> sizes = model.space().sizes;
  Tensor levels = model.levels(sampler);
  const double first = levels[0].item<double>();
  if (begin.latent.defined()) return {levels, begin.latent.to(model.device(), torch::kFloat64) * first};
  const auto noise_of = [&](double sigma) {
    return model.noise_within(starting_noise(seeds, sizes, sigma), places);
  };
  if (!begin.defined()) return {levels, noise_of(first)};
  const double sigma = begin.noise / (1 - begin.noise);
  if (sigma < first) levels = levels_from(model, sampler, levels, sigma);
  if (begin.inverted) {
    const Denoiser back = model.guided_denoiser(label_backwards(model, label), 1, calls);
    return {levels, inverted(back, begin.from.x.to(model.device()), levels)};
  }
  const Tensor noise = noise_of(std::min(sigma, first));
  return {levels, begin.from.x.to(noise.device(), noise.scalar_type()) + noise};
}

}  // namespace steer

#include "steer/diffusion/reflow.h"

#include "steer/core/check.h"

namespace steer {

Pairs reflow_pairs(const Denoiser& denoiser, const Tensor& seeds, at::IntArrayRef shape, const Tensor& levels,
                   const SolverOptions& options) {
  STEER_CHECK(is_deterministic(options), "[reflow_pairs] expected a solver without randomness but got ",
              options.name);
  const Tensor noise = starting_noise(seeds, shape, 1);
  const Solution way = solve(denoiser, levels[0].item<double>() * noise, levels, options, seeds);
  return {noise, way.x};
}

Tensor velocity_loss_of_pairs(const NoisePredictor& network, const Process& process, const Pairs& pairs,
                              const Tensor& sigma) {
  return denoising_loss(network, Prediction::kVelocity, process, pairs.data, sigma, pairs.noise);
}

Tensor distillation_loss(const NoisePredictor& network, Prediction prediction, const Process& process,
                         const Pairs& pairs, double sigma) {
  const double level = sigma > 0 ? sigma : process.sigma_max();
  const Tensor x =
      sigma > 0 && sigma < process.sigma_max() ? pairs.data + level * pairs.noise : level * pairs.noise;
  const Denoiser D = preconditioned(network, prediction, process, x.scalar_type());
  const Tensor answer = D(x, at::full({x.size(0)}, level, x.options().dtype(torch::kFloat64)));
  const double t = level / (1 + level);
  return ((answer - pairs.data) / t).square().flatten(1).mean(1);
}

Tensor straightness(const Denoiser& denoiser, const Pairs& pairs, const Tensor& levels) {
  SolverOptions euler;
  euler.name = "euler";
  const Tensor start = levels[0].item<double>() * pairs.noise.to(torch::kFloat64);
  const Tensor line = pairs.noise - pairs.data;
  Tensor x = start, sum = at::zeros({start.size(0)}, start.options());
  const SolverObserver watch = [&](const SolverStep& step) {
    // In x_t the velocity is n_hat - D, n_hat = (xbar - D) / sigma.
    const Tensor v = (x - step.x0) / step.sigma - step.x0;
    sum = sum + (line - v).square().flatten(1).mean(1);
    x = step.x;
    return true;
  };
  solve(denoiser, start, levels, euler, at::zeros({start.size(0)}, start.options().dtype(torch::kInt64)),
        watch);
  return sum / static_cast<double>(levels.size(0) - 1);
}

}  // namespace steer

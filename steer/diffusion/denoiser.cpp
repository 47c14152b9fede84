#include "steer/diffusion/denoiser.h"

#include <utility>

namespace steer {

Preconditioning preconditioning(Prediction prediction, const Process& process, const Tensor& sigma) {
  const Tensor level = sigma.to(torch::kFloat64);
  const Tensor one = at::ones_like(level), square = level * level;
  const double sd = process.sigma_data();
  const Tensor unit_input = (square + sd * sd).rsqrt();
  const Tensor in = process.type() == "edm" ? unit_input : process.scale(level);
  const Tensor label = process.noise_label(level);
  switch (prediction) {
    case Prediction::kEps:
      return {one, -level, in, label};
    case Prediction::kX0:
      return {at::zeros_like(level), one, in, label};
    case Prediction::kV:
      return {1 / (1 + square), -level * (1 + square).rsqrt(), in, label};
    case Prediction::kVelocity:
      return {1 / (1 + level), -level / (1 + level), in, label};
    case Prediction::kScore:
      return {one, level, in, label};
    case Prediction::kEdm:
      break;
  }
  return {sd * sd / (square + sd * sd), sd * level * unit_input, unit_input, label};
}

Denoiser preconditioned(const NoisePredictor& network, Prediction prediction, const Process& process,
                        torch::ScalarType network_type) {
  return [=](const Tensor& x, const Tensor& sigma) {
    const Preconditioning c = preconditioning(prediction, process, sigma);
    const Tensor f = network((over(c.in, x) * x).to(network_type), c.label.to(x.device(), network_type));
    return over(c.skip, x) * x + over(c.out, x) * f.to(x.scalar_type());
  };
}

Denoiser counted(const Denoiser& denoiser, std::shared_ptr<int64_t> calls) {
  return [denoiser, calls = std::move(calls)](const Tensor& x, const Tensor& sigma) {
    ++*calls;
    return denoiser(x, sigma);
  };
}

Denoiser classifier_free(const Denoiser& conditional, const Denoiser& unconditional, double scale) {
  if (scale == 0) return unconditional;
  if (scale == 1) return conditional;
  return [=](const Tensor& x, const Tensor& sigma) {
    const Tensor without = unconditional(x, sigma);
    return without + scale * (conditional(x, sigma) - without);
  };
}

Denoiser clipped(const Denoiser& denoiser, double limit) {
  return [=](const Tensor& x, const Tensor& sigma) { return denoiser(x, sigma).clamp(-limit, limit); };
}

Tensor denoised(const Denoiser& D, const Tensor& x, double sigma) {
  return D(x, at::full({x.size(0)}, sigma, x.options()));
}

}  // namespace steer

#include "steer/guidance/proposal.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "steer/core/check.h"

namespace steer {

double kernel_deviation(const SolverOptions& solver, double sigma, double next) {
  const bool ancestral = solver.name == "ddpm" || solver.name == "euler_ancestral";
  STEER_CHECK(
      ancestral || solver.name == "ddim",
      "[proposal] expected ddpm, ddim or euler_ancestral, whose steps add noise of a known deviation to "
      "one mean, but got ",
      solver.name);
  if (next == 0) return 0;
  if (solver.name == "ddpm" && solver.variance == "large")
    return std::sqrt((sigma * sigma - next * next) * (1 + next * next) / (1 + sigma * sigma));
  const double own = ancestral ? 1 : 0;
  const double eta = solver.name == "ddpm" || solver.eta < 0 ? own : solver.eta;
  return std::min(next, eta * next * std::sqrt(1 - next / sigma * (next / sigma)));
}

Tensor log_kernel_ratio(const Tensor& shift, const Tensor& z, double std) {
  const Tensor moved = shift.to(torch::kFloat64).flatten(1) / std;
  return -(moved * z.flatten(1)).sum(1) - moved.square().sum(1) / 2;
}

Proposal guided_proposal(const SolverOptions& solver, const Noise& noise, const Step& guided) {
  STEER_CHECK(kernel_deviation(solver, 2, 1) > 0, "[proposal] expected eta above 0 for ", solver.name,
              " but got ", solver.eta, "; use euler_ancestral, ddpm, or ddim with eta 1");
  const auto z = std::make_shared<Tensor>(), ratio = std::make_shared<Tensor>();
  const Noise watched = [noise, z](int64_t draw) { return *z = noise(draw); };
  const Step base = make_step(solver, watched);
  const Step step = [=](const Denoiser& D, const Tensor& x, double sigma, double next) {
    const Tensor unmoved = base(D, x, sigma, next).detach();
    const double std = kernel_deviation(solver, sigma, next);
    *ratio = at::zeros({x.size(0)}, x.options().dtype(torch::kFloat64));
    if (std == 0) return unmoved;
    const Tensor moved = guided(D, x, sigma, next).detach();
    *ratio = log_kernel_ratio(moved - unmoved, *z, std);
    return moved;
  };
  return {step, [ratio] { return *ratio; }};
}

}  // namespace steer

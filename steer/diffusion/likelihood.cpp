#include "steer/diffusion/likelihood.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/adaptive.h"
#include "steer/diffusion/levels.h"

namespace steer {
namespace {

constexpr uint64_t kProbeStream = 40000000, kDequantiseStream = 41000000;

Tensor gradient(const Tensor& of, const Tensor& in, const Tensor& weight) {
  return torch::autograd::grad({of}, {in}, {weight}, true, false, true)[0];
}

// The mean over probes of z . (dD/dx z), [b]; D and x [b, d], probes [b, P, d].
Tensor estimated_trace(const Tensor& D, const Tensor& x, const Tensor& probes) {
  Tensor sum = at::zeros({x.size(0)}, x.options());
  for (int64_t p = 0; p < probes.size(1); ++p) {
    const Tensor z = probes.select(1, p), pulled = gradient(D, x, z);
    if (pulled.defined()) sum = sum + (pulled * z).sum(1);
  }
  return sum / static_cast<double>(probes.size(1));
}

Tensor exact_trace(const Tensor& D, const Tensor& x) {
  Tensor sum = at::zeros({x.size(0)}, x.options());
  for (int64_t i = 0; i < x.size(1); ++i) {
    Tensor unit = at::zeros_like(D);
    unit.select(1, i).fill_(1);
    const Tensor row = gradient(D, x, unit);
    if (row.defined()) sum = sum + row.select(1, i);
  }
  return sum;
}

// The state of a sample is the d numbers z = (1 - t) x of flow time t = sigma / (1 + sigma), where velocity
// and divergence stay bounded at every noise, and behind them the integral of the divergence so far.
Drift drift_of(const DenoiserOf& denoiser_of, const Tensor& start, const Tensor& probes) {
  return [=](const Tensor& state, const Tensor& t, const Tensor& rows) {
    const int64_t d = state.size(1) - 1;
    std::vector<int64_t> shape = start.sizes().vec();
    shape[0] = state.size(0);
    const at::AutoGradMode with_gradients(true);
    const Tensor sigma = t / (1 - t), z = state.slice(1, 0, d).detach();
    const Tensor x = (z / (1 - t).unsqueeze(1)).requires_grad_(true);
    const Tensor D = denoiser_of(rows)(x.view(shape), sigma).flatten(1);
    Tensor trace = at::zeros({state.size(0)}, state.options());
    if (D.requires_grad())
      trace = probes.defined() ? estimated_trace(D, x, probes.index_select(0, rows)) : exact_trace(D, x);
    // v = (x - D) / sigma - D, and dx/dz = 1 / (1 - t).
    const Tensor velocity = (x - D) / sigma.unsqueeze(1) - D;
    const Tensor divergence = ((static_cast<double>(d) - trace) / sigma - trace) / (1 - t);
    return at::cat({velocity, divergence.unsqueeze(1)}, 1).detach();
  };
}

// Heun upwards along a Karras grid.
Integral along_grid(const Drift& drift, Tensor state, double low, double high, int64_t steps) {
  const Tensor levels = karras_levels(steps + 1, low, high).flip(0), times = levels / (1 + levels);
  const Tensor rows = at::arange(state.size(0), state.options().dtype(torch::kInt64));
  const auto slope = [&](const Tensor& x, double t) {
    return drift(x, at::full({x.size(0)}, t, x.options()), rows);
  };
  for (int64_t i = 0; i < steps; ++i) {
    const double t = times[i].item<double>(), next = times[i + 1].item<double>();
    const Tensor d = slope(state, t);
    state = state + (next - t) / 2 * (d + slope(state + (next - t) * d, next));
  }
  return {state, at::full_like(rows, 2 * steps)};
}

}  // namespace

Likelihood likelihood(const DenoiserOf& denoiser_of, const Process& process, const Tensor& x,
                      const Tensor& seeds, const LikelihoodOptions& o) {
  STEER_CHECK(o.divergence == "hutchinson" || o.divergence == "exact",
              "[likelihood] expected divergence hutchinson or exact but got ", o.divergence,
              did_you_mean(o.divergence, {"hutchinson", "exact"}));
  check_options(o, "likelihood");
  STEER_CHECK(x.dim() >= 2 && seeds.dim() == 1 && seeds.size(0) == x.size(0),
              "[likelihood] expected x [B, ...] and B seeds but got ", shape_text(x.sizes()), " and ",
              shape_text(seeds.sizes()));
  const double low = o.sigma_min > 0 ? o.sigma_min : process.sigma_min();
  const double high = o.sigma_max > 0 ? o.sigma_max : process.sigma_max();
  STEER_CHECK(low < high, "[likelihood] expected sigma_min below sigma_max but got ", low, " and ", high);

  const Tensor flat = x.detach().to(torch::kFloat64).flatten(1);
  const int64_t d = flat.size(1);
  Tensor probes;
  if (o.divergence == "hutchinson")
    probes = at::where(uniform_rows(seeds.to(x.device()), kProbeStream, {o.probes, d}) < 0.5, -1.0, 1.0)
                 .to(torch::kFloat64);
  const Drift drift = drift_of(denoiser_of, x, probes);
  const Tensor state = at::cat({flat / (1 + low), at::zeros({x.size(0), 1}, flat.options())}, 1);
  AdaptiveOptions adaptive;
  adaptive.rtol = o.rtol, adaptive.atol = o.atol;
  const Integral way = o.grid_steps > 0
                           ? along_grid(drift, state, low, high, o.grid_steps)
                           : dormand_prince(drift, state, low / (1 + low), high / (1 + high), adaptive);

  const Tensor latent = way.x.slice(1, 0, d) * (1 + high);
  const double std = o.prior_std > 0 ? o.prior_std : high;
  const Tensor prior = -latent.square().sum(1) / (2 * std * std) -
                       static_cast<double>(d) * (std::log(std) + std::log(2 * kPi) / 2);
  // From densities of z to those of x at both ends.
  const double stretch = static_cast<double>(d) * (std::log1p(high) - std::log1p(low));
  return {prior + stretch + way.x.select(1, d), latent.reshape(x.sizes()), way.evaluations};
}

Likelihood likelihood(const Denoiser& denoiser, const Process& process, const Tensor& x, const Tensor& seeds,
                      const LikelihoodOptions& options) {
  return likelihood(DenoiserOf([&denoiser](const Tensor&) { return denoiser; }), process, x, seeds, options);
}

Tensor bits_per_dimension(const Tensor& nats, int64_t dimensions) {
  return -nats / (static_cast<double>(dimensions) * std::log(2.0)) + 7;
}

Tensor dequantised(const Tensor& bytes, const Tensor& seeds) {
  const Tensor u = uniform_rows(seeds, kDequantiseStream, bytes.sizes().slice(1)).to(torch::kFloat64);
  return (bytes.to(torch::kFloat64) + u) / 128 - 1;
}

}  // namespace steer

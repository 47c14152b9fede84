// Exact likelihoods by the probability flow: ln p of data, in nats and in bits per dimension.
#pragma once

#include <cstdint>
#include <string>

#include "steer/core/options.h"
#include "steer/diffusion/denoiser.h"

namespace steer {

// How the flow is followed, and how its divergence is taken.
struct LikelihoodOptions {
  std::string divergence = "hutchinson";
  int64_t probes = 1;
  double sigma_min = 0;
  double sigma_max = 0;
  double prior_std = 0;
  double rtol = 1e-5;
  double atol = 1e-5;
  int64_t grid_steps = 0;

  void fields(OptionFields& f) {
    f("divergence", divergence, "hutchinson, or exact: one gradient for every number of a sample");
    f("probes", probes, "hutchinson: random directions of each sample, kept through the whole run",
      from_to(1, 1 << 20));
    f("sigma_min", sigma_min, "noise of the data's end; 0 = the process's own", at_least(0));
    f("sigma_max", sigma_max, "noise of the prior's end; 0 = the process's own", at_least(0));
    f("prior_std", prior_std, "standard deviation of the normal prior of xbar at sigma_max; 0 = sigma_max",
      at_least(0));
    f("rtol", rtol, "relative tolerance of dopri5", more_than(0));
    f("atol", atol, "absolute tolerance of dopri5", more_than(0));
    f("grid_steps", grid_steps, "above 0: Heun on a Karras grid of so many steps instead of dopri5",
      from_to(0, 100000));
  }
};

// What is known of samples.
struct Likelihood {
  Tensor nats;         // ln p, float64 [B]
  Tensor latent;       // where the flow takes x at sigma_max: float64 [B, ...], normal with prior_std
  Tensor evaluations;  // int64 [B], of the denoiser
};

// ln p(x; sigma_min) of x [B, ...] under the probability flow dx/dsigma = (x - D) / sigma (Song et al. 2021,
// section 4.3): ln N(x_T; 0, prior_std^2 I) plus the integral of the flow's divergence, (d - tr dD/dx) /
// sigma, from sigma_min to sigma_max. The trace is exact or z . (dD/dx z) with z of random signs, a function
// of each sample's seed (int64 [B]; Hutchinson 1989). The flow is followed in t = sigma / (1 + sigma), as by
// `solve`. Each sample has its own steps, so its figure does not depend on the batch. The denoiser must be
// differentiable in x. Error for an unknown divergence and an empty range.
Likelihood likelihood(const Denoiser& denoiser, const Process& process, const Tensor& x, const Tensor& seeds,
                      const LikelihoodOptions& options);
Likelihood likelihood(const DenoiserOf& denoiser_of, const Process& process, const Tensor& x,
                      const Tensor& seeds, const LikelihoodOptions& options);

// Bits per dimension of 256-level data: -nats / (d ln 2) + 7 for x = (byte + u) / 128 - 1, u in [0, 1), as
// `dequantised` gives it; d numbers in a sample.
Tensor bits_per_dimension(const Tensor& nats, int64_t dimensions);

// Bytes uint8 [B, ...] as float64 in [-1, 1) with uniform noise of one level, a function of the seeds.
Tensor dequantised(const Tensor& bytes, const Tensor& seeds);

}  // namespace steer

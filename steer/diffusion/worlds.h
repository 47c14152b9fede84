// Worlds whose every answer is known: mixtures of isotropic Gaussians with exact denoiser, score and density
// at every noise level, and shapes in the plane made of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/diffusion/denoiser.h"

namespace steer {

// sum_k weights[k] N(means[k], stds[k]^2 I). All float64; weights sum to 1.
struct Mixture {
  Tensor weights;  // [K]
  Tensor means;    // [K, d]
  Tensor stds;     // [K], 0 allowed for a point
};

// One Gaussian N(mean, std^2 I); mean [d].
Mixture gaussian(const Tensor& mean, double std);

// A Gaussian of the given std on each of the points [K, d], all weighing the same.
Mixture kernel_mixture(const Tensor& points, double std);

// The words that make_world knows.
const std::vector<std::string>& world_names();
// The same with what each means.
const std::vector<Named>& worlds();

// Shapes in the plane of about unit size: eight_gaussians, two_moons, spirals, checkerboard; and gaussian.
// Error for another word.
Mixture make_world(const std::string& name);

// Samples float64 [B, d]: row i is a function of seeds[i] (int64 [B]).
Tensor mixture_samples(const Mixture& mixture, const Tensor& seeds);

// E[y | xbar], the responsibility-weighted mean of (s_k^2 x + sigma^2 mu_k) / (s_k^2 + sigma^2).
Denoiser exact_denoiser(const Mixture& mixture);

// ln p(xbar; sigma) in nats, the data convolved with N(0, sigma^2 I): x [B, d], sigma [B] -> [B].
Tensor log_density(const Mixture& mixture, const Tensor& x, const Tensor& sigma);

// Its gradient: (D - x) / sigma^2, at sigma 0 too.
Tensor exact_score(const Mixture& mixture, const Tensor& x, const Tensor& sigma);

}  // namespace steer

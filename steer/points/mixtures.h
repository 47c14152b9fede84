// Mixtures of isotropic Gaussians, whose density and score are known exactly at every noise level, and shapes
// in the plane made of them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"

namespace steer {

using torch::Tensor;

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

// How many equal pieces a world is made of, in the order of its means: 8 Gaussians, 2 moons, 2 arms, 8
// fields.
int64_t world_pieces(const std::string& name);

// Samples float64 [B, d]: row i is a function of seeds[i] (int64 [B]).
Tensor mixture_samples(const Mixture& mixture, const Tensor& seeds);

// Which Gaussian each of these samples is drawn from: int64 [B], below K.
Tensor mixture_parts(const Mixture& mixture, const Tensor& seeds);

// ln p(xbar; sigma) in nats, the data convolved with N(0, sigma^2 I): x [B, d], sigma [B] -> [B].
// Differentiable in x.
Tensor log_density(const Mixture& mixture, const Tensor& x, const Tensor& sigma);

// Its gradient: (D - x) / sigma^2 of the exact denoiser D, at sigma 0 too.
Tensor exact_score(const Mixture& mixture, const Tensor& x, const Tensor& sigma);

// How likely each Gaussian is to have made x [B, d] with noise of sigma [B] in it: [B, K], rows sum to 1.
Tensor responsibilities(const Mixture& mixture, const Tensor& x, const Tensor& sigma);

}  // namespace steer

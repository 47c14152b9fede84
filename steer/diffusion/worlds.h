// Worlds whose every answer is known: the exact denoiser of a mixture of Gaussians.
#pragma once

#include "steer/diffusion/denoiser.h"
#include "steer/points/mixtures.h"

namespace steer {

// E[y | xbar], the responsibility-weighted mean of (s_k^2 x + sigma^2 mu_k) / (s_k^2 + sigma^2).
Denoiser exact_denoiser(const Mixture& mixture);

}  // namespace steer

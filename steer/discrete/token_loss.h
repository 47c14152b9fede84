// Losses of discrete diffusion, for each token, whose integral over t in [0, 1] bounds the negative
// log-likelihood in nats. All take what the network says of the clean token and what the process did.
#pragma once

#include <torch/types.h>

#include "steer/discrete/token_process.h"

namespace steer {

// What a loss is made of. The schedule's numbers may be float64 whatever the network computes in.
struct NoisedTokens {
  Tensor clean;  // int64 [B, T]
  Tensor token;  // int64 [B, T], after noise; the mask is N
  Tensor t;      // float64 [B], in (0, 1]
};

// Scores of N states for each token, p(x_0 = j | x_t) as logarithms [B, T, N] -> ratios [B, T, states] of the
// marginals, s_j = q_t(j) / q_t(x_t), the network's form of score entropy:
//
//   absorbing  p_j alpha / (1 - alpha) for a masked token; of others and of the mask itself 1 where j is x_t,
//              else 0
//   uniform    (N alpha p_j + 1 - alpha) / (N alpha p_z + 1 - alpha), z = x_t
Tensor ratios_of(const TokenProcess& process, const Tensor& log_p, const Tensor& token, const Tensor& t);

// Masked diffusion with SUBS (Sahoo et al. 2024; MD4): -alpha'/(1 - alpha) times the cross-entropy of each
// masked token, exactly 0 for others. [B, T], float32 or wider as log_p. With loglinear it is 1/t.
Tensor masked_loss(const TokenProcess& process, const Tensor& log_p, const NoisedTokens& noised);

// Denoising score entropy (Lou et al. 2024), of ratios [B, T, states] as above, times dS/dt. Of a token in an
// absorbing process that is not masked exactly 0. For predictions that sum to 1 it is masked_loss.
Tensor score_entropy(const TokenProcess& process, const Tensor& ratio, const NoisedTokens& noised);

// Uniform-state diffusion (Schiff et al. 2024, UDLM) from log p: the same number as score_entropy of
// ratios_of, without the ratios of all states in memory twice.
Tensor uniform_loss(const TokenProcess& process, const Tensor& log_p, const NoisedTokens& noised);

// Discrete flow matching's generalised KL (Shaul et al. 2024) with kappa = alpha:
// -alpha'/(1 - alpha) (d - p(x_t) - (1 - d) log p(x_0)), d whether x_t is x_0; for masks masked_loss.
Tensor flow_loss(const TokenProcess& process, const Tensor& log_p, const NoisedTokens& noised);

}  // namespace steer

// One step of a reverse process of tokens, from time t to an earlier s, as a law: what each token becomes,
// with which probability. Laws are float64, or the rare tokens would never be drawn.
#pragma once

#include <torch/types.h>

#include "steer/discrete/token_process.h"

namespace steer {

// What p is told of. Of a mask nothing is known, and p is the law of x_0 given all other tokens. In the
// uniform process ratios, score_entropy, uniform_loss and ancestral_law want the same, the law of x_0 before
// its own x_t is looked at; flow_law and flow_loss want that given x_t as well. Networks learn what their
// loss asks for.

// Where a step begins and ends; t > s for every row.
struct TokenStep {
  Tensor token;  // int64 [B, T], at t
  Tensor t, s;   // float64 [B]
};

// All laws are [B, T, states] at s, and every row sums to 1. `p` [B, T, N] is what the network says of the
// clean token, rows that sum to 1; `ratio` [B, T, states] is that of ratios_of().

// The posterior q(x_s | x_t, x_0) with p in the place of x_0's one-hot (of masks Sahoo et al. 2024, of
// uniform tokens Schiff et al. 2024): x_s given x_t where x_0 ~ p. Equals analytic_law of p's ratios.
Tensor ancestral_law(const TokenProcess& process, const Tensor& p, const TokenStep& step);

// Discrete flow matching's (Gat et al. 2024): with the exact probability (alpha_s - alpha_t) / (1 - alpha_t)
// a token, of masks a masked one, jumps to one of p.
Tensor flow_law(const TokenProcess& process, const Tensor& p, const TokenStep& step);

// Of masks only (Wang et al. 2025, ReMDM): ancestral, but a token that is known becomes a mask again with
// probability sigma, [B, T] or [B]. Marginals stay those of the process. Error for sigmas outside [0,
// most_remasked()].
Tensor remask_law(const TokenProcess& process, const Tensor& p, const TokenStep& step, const Tensor& sigma);

// The largest sigma of such a step: min(1, (1 - alpha_s) / alpha_t), float64 [B].
Tensor most_remasked(const TokenProcess& process, const TokenStep& step);

// Rates times t - s (Lou et al. 2024): a token becomes j with probability (t - s) S'(t) Q s_j, divided by
// their sum where that is above 1.
Tensor euler_law(const TokenProcess& process, const Tensor& ratio, const TokenStep& step);

// (e^(-dS Q) s)_j (e^(dS Q))(j -> x_t), dS = S(t) - S(s) (Lou et al. 2024): exact where the ratios are.
Tensor analytic_law(const TokenProcess& process, const Tensor& ratio, const TokenStep& step);

// law^scale other^(1 - scale), every row made to sum to 1 again: classifier-free guidance of laws told and
// not told a class (D-CFG; Schiff et al. 2024; Nisonoff et al. 2025). Scale 0 is the other law, 1 the law
// itself. States that either law excludes stay excluded, where both are asked.
Tensor mixed_laws(const Tensor& law, const Tensor& other, double scale);

// A law [B, T, states] of a step from tokens int64 [B, T], each state weighed by exp(log_ratio [B, T,
// states]): made to sum to 1 again (D-CBG; Schiff et al. 2024); or, with `rates`, what leaves a token's state
// is weighed and the rest stays (TAG; Nisonoff et al. 2025), no more than all of it. Ratios of states that a
// law excludes mean nothing.
Tensor tilted_law(const Tensor& law, const Tensor& token, const Tensor& log_ratio, bool rates);

// Draws of laws [..., M], rows that need not sum to 1: int64 [...] by u float64 [...] in [0, 1), through the
// sums of their rows. A state of probability 0 is never drawn.
Tensor drawn_from(const Tensor& law, const Tensor& u);

// The next time at which one of n masked tokens becomes known, of the process run backward from 1 - alpha = m
// (Zheng et al. 2024, first hitting): m u^(1/n). Which of them it is, is any, all alike. Tensors of one
// shape.
Tensor next_hit(const Tensor& m, const Tensor& n, const Tensor& u);

}  // namespace steer

#include "steer/discrete/token_loss.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

// A number of each row for its tokens, in the type of the prediction.
Tensor beside_tokens(const Tensor& value, const Tensor& like) {
  return value.unsqueeze(1).to(like.options());
}

// log p of each token's own clean value, [B, T].
Tensor of_clean(const Tensor& log_p, const Tensor& clean) {
  return log_p.gather(-1, clean.unsqueeze(-1)).squeeze(-1);
}

void check_loss(const TokenProcess& process, const Tensor& last, int64_t states, const NoisedTokens& noised) {
  check_tokens(noised.clean, process.vocabulary(), "[discrete]");
  check_tokens(noised.token, process.states(), "[discrete]");
  STEER_CHECK(last.dim() == 3 && last.size(-1) == states && last.size(0) == noised.clean.size(0) &&
                  last.size(1) == noised.clean.size(1),
              "[discrete] expected predictions [", noised.clean.size(0), ", ", noised.clean.size(1), ", ",
              states, "] but got ", last.sizes());
}

// x ln x, 0 at 0.
Tensor entropy_term(const Tensor& x) {
  return at::xlogy(x, x);
}

}  // namespace

Tensor ratios_of(const TokenProcess& process, const Tensor& log_p, const Tensor& token, const Tensor& t) {
  const Tensor alpha = process.alpha(t).view({-1, 1, 1}).to(log_p.options());
  const Tensor p = log_p.exp();
  if (process.absorbing()) {
    const Tensor itself = at::one_hot(token, process.states()).to(p.options());
    const Tensor masked = (token == process.mask()).unsqueeze(-1).to(p.options());
    return itself + masked * at::pad(p * alpha / (1 - alpha), {0, 1});
  }
  const auto states = static_cast<double>(process.vocabulary());
  const Tensor mixed = states * alpha * p + 1 - alpha;
  return mixed / mixed.gather(-1, token.unsqueeze(-1));
}

Tensor masked_loss(const TokenProcess& process, const Tensor& log_p, const NoisedTokens& noised) {
  STEER_CHECK(process.absorbing(), "[discrete] expected an absorbing process for the loss of masked tokens");
  check_loss(process, log_p, process.vocabulary(), noised);
  const Tensor weight = process.fall(noised.t) / (1 - process.alpha(noised.t));
  const Tensor loss = -of_clean(log_p, noised.clean) * beside_tokens(weight, log_p);
  return at::where(noised.token == process.mask(), loss, at::zeros_like(loss));
}

Tensor score_entropy(const TokenProcess& process, const Tensor& ratio, const NoisedTokens& noised) {
  check_loss(process, ratio, process.states(), noised);
  const Tensor alpha = process.alpha(noised.t);
  const Tensor rate = beside_tokens(process.fall(noised.t) / alpha, ratio);
  const Tensor a = beside_tokens(alpha, ratio);
  const Tensor of_x0 = of_clean(ratio, noised.clean);
  if (process.absorbing()) {
    const Tensor r = a / (1 - a);
    const Tensor sum = ratio.narrow(-1, 0, process.vocabulary()).sum(-1);
    const Tensor loss = rate * (sum - r * of_x0.log() + entropy_term(r) - r);
    return at::where(noised.token == process.mask(), loss, at::zeros_like(loss));
  }
  // True ratios r: q for all others where the token is what it was; else 1/q for that and 1 for the others.
  const auto states = static_cast<double>(process.vocabulary());
  const Tensor q = (1 - a) / (1 - a + states * a);
  const Tensor of_token = ratio.gather(-1, noised.token.unsqueeze(-1)).squeeze(-1);
  const Tensor sum = ratio.sum(-1) - of_token;
  const Tensor log_sum = ratio.log().sum(-1) - of_token.log();
  const Tensor kept = sum - q * log_sum + (states - 1) * (entropy_term(q) - q);
  const Tensor log_x0 = of_x0.log();
  const Tensor changed = sum - log_x0 / q - (log_sum - log_x0) + (-q.log() / q - 1 / q) - (states - 2);
  return rate / states * at::where(noised.token == noised.clean, kept, changed);
}

Tensor uniform_loss(const TokenProcess& process, const Tensor& log_p, const NoisedTokens& noised) {
  STEER_CHECK(!process.absorbing(), "[discrete] expected a uniform process for its loss");
  check_loss(process, log_p, process.vocabulary(), noised);
  const auto states = static_cast<double>(process.vocabulary());
  const Tensor alpha = process.alpha(noised.t);
  const Tensor a = beside_tokens(alpha, log_p), none = 1 - a, all = states * a + none;
  const Tensor told = states * a.unsqueeze(-1) * log_p.exp() + none.unsqueeze(-1);  // [B, T, N]
  const Tensor kept = noised.token == noised.clean;
  const Tensor told_z = told.gather(-1, noised.token.unsqueeze(-1)).squeeze(-1);
  const Tensor true_z = at::where(kept, all, none);
  const Tensor told_x0 = told.gather(-1, noised.clean.unsqueeze(-1)).squeeze(-1);
  // sum_j u_j ln(u_j / v_j) - u_j + v_j, where sum_j u_j = N / true_z and sum_j v_j = N / told_z.
  const Tensor log_turn = told_z.log() - true_z.log();  // ln(u_j / v_j) = ln true_j - ln told_j + this
  const Tensor log_none = none * (states * none.log() - told.log().sum(-1));
  const Tensor of_x0 = all * (all.log() - told_x0.log()) - none * (none.log() - told_x0.log());
  const Tensor divergence =
      (log_none + of_x0) / true_z + states / true_z * log_turn - states / true_z + states / told_z;
  return beside_tokens(process.fall(noised.t) / alpha, log_p) / states * divergence;
}

Tensor flow_loss(const TokenProcess& process, const Tensor& log_p, const NoisedTokens& noised) {
  if (process.absorbing()) return masked_loss(process, log_p, noised);  // what is known jumps nowhere
  check_loss(process, log_p, process.vocabulary(), noised);
  const Tensor weight = process.fall(noised.t) / (1 - process.alpha(noised.t));
  const Tensor kept = (noised.token == noised.clean).to(log_p.options());
  const Tensor p_token = of_clean(log_p, noised.token).exp();
  return beside_tokens(weight, log_p) * (kept - p_token - (1 - kept) * of_clean(log_p, noised.clean));
}

}  // namespace steer

#include "steer/discrete/token_step.h"

#include <limits>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr double kLeastLaw = 1e-300;  // whose logarithm is a number

// alpha at both ends, [B, 1, 1].
struct Alphas {
  Tensor t, s;
};

Alphas alphas_of(const TokenProcess& process, const TokenStep& step) {
  const Tensor t = process.alpha(step.t).view({-1, 1, 1}), s = process.alpha(step.s).view({-1, 1, 1});
  STEER_CHECK((s >= t).all().item<bool>(), "[discrete] expected steps toward less noise");
  return {t, s};
}

Tensor as_states(const TokenProcess& process, const Tensor& token) {
  return at::one_hot(token, process.states()).to(torch::kFloat64);
}

// p with a place for the mask, which it never is.
Tensor with_mask(const TokenProcess& process, const Tensor& p) {
  const Tensor fine = p.to(torch::kFloat64);
  return process.absorbing() ? at::pad(fine, {0, 1}) : fine;
}

Tensor is_masked(const TokenProcess& process, const Tensor& token) {
  return (token == process.mask()).unsqueeze(-1);
}

void check_law(const TokenProcess& process, const Tensor& p, int64_t states, const TokenStep& step) {
  check_tokens(step.token, process.states(), "[discrete]");
  STEER_CHECK(p.dim() == 3 && p.size(0) == step.token.size(0) && p.size(1) == step.token.size(1) &&
                  p.size(2) == states,
              "[discrete] expected predictions [", step.token.size(0), ", ", step.token.size(1), ", ", states,
              "] but got ", p.sizes());
}

}  // namespace

Tensor most_remasked(const TokenProcess& process, const TokenStep& step) {
  return ((1 - process.alpha(step.s)) / process.alpha(step.t)).clamp_max(1);
}

Tensor remask_law(const TokenProcess& process, const Tensor& p, const TokenStep& step, const Tensor& sigma) {
  STEER_CHECK(process.absorbing(),
              "[discrete] expected an absorbing process, whose tokens may be masked again");
  check_law(process, p, process.vocabulary(), step);
  const Tensor most = most_remasked(process, step).unsqueeze(1);
  Tensor again = sigma.to(torch::kFloat64);
  if (again.dim() == 1) again = again.unsqueeze(1);
  // Sigmas are made of the same numbers in another order.
  constexpr double kRounding = 1e-12;
  STEER_CHECK(((again >= 0) & (again <= most + kRounding)).all().item<bool>(),
              "[discrete] expected sigma from 0 to (1 - alpha_s) / alpha_t, here ", most.min().item<double>(),
              ", but got ", again.max().item<double>());
  const Alphas alpha = alphas_of(process, step);
  again = again.unsqueeze(-1);
  const Tensor masked = is_masked(process, step.token),
               mask = as_states(process, at::full_like(step.token, process.mask()));
  const Tensor found = ((alpha.s - (1 - again) * alpha.t) / (1 - alpha.t)).clamp_min(0);
  const Tensor of_masks = found * with_mask(process, p) + (1 - found) * mask;
  const Tensor of_known = (1 - again) * as_states(process, step.token) + again * mask;
  return at::where(masked, of_masks, of_known);
}

Tensor ancestral_law(const TokenProcess& process, const Tensor& p, const TokenStep& step) {
  if (process.absorbing()) return remask_law(process, p, step, at::zeros_like(step.t));
  check_law(process, p, process.vocabulary(), step);
  const Alphas alpha = alphas_of(process, step);
  const auto states = static_cast<double>(process.vocabulary());
  const Tensor stay = alpha.t / alpha.s, z = as_states(process, step.token), x = with_mask(process, p);
  // q(s) times the chance to come from there to z, which sums to N alpha_t <z, x> + 1 - alpha_t over N.
  const Tensor law = (alpha.s * x + (1 - alpha.s) / states) * (stay * z + (1 - stay) / states);
  return law / law.sum(-1, true);
}

Tensor flow_law(const TokenProcess& process, const Tensor& p, const TokenStep& step) {
  check_law(process, p, process.vocabulary(), step);
  const Alphas alpha = alphas_of(process, step);
  const Tensor jump = (alpha.s - alpha.t) / (1 - alpha.t), stays = as_states(process, step.token);
  const Tensor law = jump * with_mask(process, p) + (1 - jump) * stays;
  return process.absorbing() ? at::where(is_masked(process, step.token), law, stays) : law;
}

Tensor euler_law(const TokenProcess& process, const Tensor& ratio, const TokenStep& step) {
  check_law(process, ratio, process.states(), step);
  const Tensor stays = as_states(process, step.token);
  const Tensor rate = (process.fall(step.t) / process.alpha(step.t) * (step.t - step.s)).view({-1, 1, 1});
  // Of forward jumps j -> x_t: into the mask 1 each, between tokens 1/N.
  Tensor away = ratio.to(torch::kFloat64) * rate * (1 - stays);
  if (process.absorbing())
    away = at::where(is_masked(process, step.token), away, at::zeros_like(away));
  else
    away = away / static_cast<double>(process.vocabulary());
  const Tensor sum = away.sum(-1, true);
  return away / sum.clamp_min(1) + stays * (1 - sum).clamp_min(0);
}

Tensor analytic_law(const TokenProcess& process, const Tensor& ratio, const TokenStep& step) {
  check_law(process, ratio, process.states(), step);
  const Alphas alpha = alphas_of(process, step);
  const Tensor grown = alpha.s / alpha.t, s = ratio.to(torch::kFloat64);  // e^dS
  const Tensor stays = as_states(process, step.token);
  Tensor law;
  if (process.absorbing()) {
    const Tensor mask = as_states(process, at::full_like(step.token, process.mask()));
    const Tensor before = s * grown + mask * (1 - grown) * s.sum(-1, true);
    law = before *
          at::where(is_masked(process, step.token), mask + (1 - mask) * (1 - 1 / grown), stays / grown);
  } else {
    const auto states = static_cast<double>(process.vocabulary());
    const Tensor before = s * grown + (1 - grown) / states * s.sum(-1, true);
    law = before * (stays / grown + (1 - 1 / grown) / states);
  }
  law = law.clamp_min(0);  // predictions of networks need be no ratios of any law
  return law / law.sum(-1, true);
}

Tensor mixed_laws(const Tensor& law, const Tensor& other, double scale) {
  if (scale == 1) return law;
  if (scale == 0) return other;
  const Tensor possible = (law > 0) & (other > 0);
  const Tensor log = scale * law.clamp_min(kLeastLaw).log() + (1 - scale) * other.clamp_min(kLeastLaw).log();
  const Tensor mixed =
      log.masked_fill(possible.logical_not(), -std::numeric_limits<double>::infinity()).softmax(-1);
  // Laws without a state in common leave nothing to mix.
  return at::where(possible.any(-1, true), mixed, law);
}

Tensor tilted_law(const Tensor& law, const Tensor& token, const Tensor& log_ratio, bool rates) {
  const Tensor possible = law > 0;
  if (!rates) {
    const Tensor log = law.clamp_min(kLeastLaw).log() + log_ratio;
    return log.masked_fill(possible.logical_not(), -std::numeric_limits<double>::infinity()).softmax(-1);
  }
  const Tensor here = token.unsqueeze(-1);
  const Tensor leaves = at::where(possible, law * log_ratio.exp(), at::zeros_like(law)).scatter(-1, here, 0);
  const Tensor sum = leaves.sum(-1, true), most = sum.clamp_min(1);
  return (leaves / most).scatter(-1, here, (1 - sum / most));
}

Tensor drawn_from(const Tensor& law, const Tensor& u) {
  const Tensor sums = law.to(torch::kFloat64).cumsum(-1);
  const Tensor at = u.to(torch::kFloat64).unsqueeze(-1) * sums.narrow(-1, sums.size(-1) - 1, 1);
  // The first state whose sum is above; rounding may leave none, then the last that adds anything.
  const Tensor index = at::searchsorted(sums, at, false, true).squeeze(-1);
  const Tensor last = (sums < sums.narrow(-1, sums.size(-1) - 1, 1)).sum(-1);
  return at::minimum(index, last);
}

Tensor next_hit(const Tensor& m, const Tensor& n, const Tensor& u) {
  return m * u.to(torch::kFloat64).pow(1 / n.to(torch::kFloat64));
}

}  // namespace steer

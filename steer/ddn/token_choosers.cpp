#include "steer/ddn/token_choosers.h"

#include "steer/core/check.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/rivals.h"

namespace steer {
namespace {

const Tensor& prior_of(const Candidates& candidates) {
  STEER_CHECK(candidates.log_prior().defined(), "[ddn] expected a network with a prior of its own");
  return candidates.log_prior();
}

}  // namespace

Choice shortest_of(const Candidates& candidates, const Tensor& nats, double expect, int64_t most_rivals) {
  const torch::NoGradGuard no_grad;
  const Tensor length = expect > 0 ? nats - expect * prior_of(candidates) : nats.detach();
  const Tensor shortest = length.argmin(1);
  Choice choice{shortest, {}, shortest};
  if (candidates.count() >= 2 && candidates.count() <= most_rivals) {
    const Seconds seconds = seconds_of(length, shortest);
    choice.second = seconds.second, choice.losses = seconds.losses;
  }
  return choice;
}

Chooser shortest_for(const Tensor& token, double expect, const Tensor& known, int64_t most_rivals) {
  return [=](const Candidates& candidates, int64_t) {
    const torch::NoGradGuard no_grad;
    return shortest_of(candidates, candidates.nats_of(token, known), expect, most_rivals);
  };
}

Chooser by_own_prior(const Tensor& seeds, double temperature) {
  return [=](const Candidates& candidates, int64_t layer) {
    const Tensor& logits = prior_of(candidates);
    return Choice{
        temperature > 0 ? index_drawn(logits / temperature, seeds, layer) : logits.argmax(1), {}, {}};
  };
}

}  // namespace steer

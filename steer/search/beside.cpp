#include "steer/search/beside.h"

#include <fmt/format.h>

#include <algorithm>

#include "steer/core/notice.h"

namespace steer {

Beside beside(const Generator& generator, const GuidedDraw& draw) {
  const int64_t all = draw.scores.size(0), count = std::min(all, kSamplesBeside);
  DrawRequest request;
  request.seeds = draw.request.seeds.narrow(0, 0, count);
  request.told = draw.request.told.narrow(0, count);
  const torch::NoGradGuard no_grad;
  State unguided = generator.plan(nullptr, draw.settings)->draw(request).state;
  // An objective of several targets knows its samples by their places among all.
  if (count < all)
    unguided = concatenated({unguided, draw.state.narrow(count, all - count).to(unguided.x.device())});
  const Tensor scores = draw.objective.score(unguided).narrow(0, 0, count);
  return {draw.scores.narrow(0, 0, count).mean().item<double>(), scores.mean().item<double>(), count};
}

std::string worse_text(const Beside& beside, const std::string& words) {
  return fmt::format(
      "guidance made it worse: {} gives {} samples a mean score of {:.4g}, and {:.4g} to unguided ones of "
      "the "
      "same seeds; try another --method or a lower --strength",
      words, beside.samples, beside.guided, beside.unguided);
}

void warn_if_worse(const Beside& beside, const std::string& words) {
  if (beside.worse()) notice(worse_text(beside, words));
}

Json beside_json(const Beside& beside) {
  return {{"guided", beside.guided}, {"unguided", beside.unguided}, {"samples", beside.samples}};
}

}  // namespace steer

#include "steer/guidance/shortlist.h"

#include <algorithm>

#include "steer/core/tensors.h"
#include "steer/guidance/best_by.h"

namespace steer {

Tensor shortlisted(const Objective& objective, const Candidates& candidates, const Space& space,
                   int64_t count) {
  Tensor score;
  for (const Objective::Part& part : objective.parts()) {
    const auto measurements = part.objective->linear();
    if (measurements.empty()) continue;
    const Tensor some = score_linear(measurements, candidates, space) * part.weight;
    score = score.defined() ? score + some : some;
  }
  return score.defined() ? std::get<1>(at::topk(score, count, 1)) : spread_candidates(candidates, count);
}

Tensor spread_candidates(const Candidates& candidates, int64_t count) {
  torch::NoGradGuard no_grad;
  constexpr int64_t kSide = 8;
  const int64_t height = std::min(candidates.height(), kSide), width = std::min(candidates.width(), kSide);
  const Tensor points =
      candidates.seen_through({}, [&](const Tensor& maps) { return area_resize(maps, height, width); })
          .images()
          .flatten(2);  // [B, K, pixels]
  std::vector<Tensor> taken = {(points - points.mean(1, true)).square().sum(2).argmin(1)};
  Tensor distance;  // of each candidate to the nearest one taken, [B, K]
  while (static_cast<int64_t>(taken.size()) < std::min(count, candidates.count())) {
    const Tensor last = points.gather(1, taken.back().view({-1, 1, 1}).expand({-1, 1, points.size(2)}));
    const Tensor to_last = (points - last).square().sum(2);
    distance = distance.defined() ? at::minimum(distance, to_last) : to_last;
    // Below any other, so that none is taken twice.
    distance.scatter_(1, taken.back().unsqueeze(1), -1.0);
    taken.push_back(distance.argmax(1));
  }
  return at::stack(taken, 1);
}

}  // namespace steer

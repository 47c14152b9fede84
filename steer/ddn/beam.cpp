#include "steer/ddn/beam.h"

#include <algorithm>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

Scorer nearness_to(const Tensor& x) {
  return [x](const Candidates& candidates) {
    STEER_CHECK(candidates.rows() % x.size(0) == 0, "[beam] expected a multiple of ", x.size(0),
                " rows but got ", candidates.rows());
    const Tensor target = area_resize(x, candidates.height(), candidates.width());
    return -candidates.distance_to(target.repeat_interleave(candidates.rows() / x.size(0), 0));
  };
}

Chooser beam_search(const Scorer& scorer, const BeamOptions& options, const Scorer& prior) {
  STEER_CHECK(options.groups >= 1 && options.keep >= 1 && options.width >= options.keep,
              "[beam] expected a width of at least ", options.keep, " but got ", options.width);
  // ln p of each row's prefix.
  auto known = std::make_shared<Tensor>();
  return [scorer, options, prior, known](const Candidates& candidates, int64_t layer) {
    const int64_t groups = options.groups, count = candidates.count();
    STEER_CHECK(candidates.rows() % groups == 0, "[beam] expected a multiple of ", groups, " rows but got ",
                candidates.rows());
    const int64_t beams = candidates.rows() / groups;
    const int64_t wanted = layer == options.depth - 1 ? options.keep : options.width;
    Tensor score = scorer(candidates).reshape({groups, beams * count}), likely;
    if (prior) {
      likely = prior(candidates);
      if (layer > 0) likely = likely + known->unsqueeze(1);
      likely = likely.reshape({groups, beams * count});
      score = score + likely;
    }
    const Tensor best = std::get<1>(at::topk(score, std::min(wanted, beams * count), 1));
    const Tensor first = at::arange(groups, best.options()).unsqueeze(1) * beams;
    const Tensor row = at::div(best, count, "floor") + first;
    if (prior) *known = likely.gather(1, best).flatten();
    return Choice{at::remainder(best, count).flatten(), row.flatten(), {}};
  };
}

}  // namespace steer

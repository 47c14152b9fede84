#include "steer/guidance/best_by.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr uint64_t kPickStream = 4000000;
// Images scored at once by an objective that must look at pixels, at the most.
constexpr int64_t kImagesAtOnce = 4096;

// One row for each of `rows` from one for each target or one for all.
Tensor for_rows(const Tensor& tensor, int64_t rows) {
  if (!tensor.defined() || tensor.size(0) == 1 || tensor.size(0) == rows) return tensor;
  STEER_CHECK(rows % tensor.size(0) == 0, "[best_by] expected a multiple of ", tensor.size(0),
              " rows, one group for each target, but got ", rows);
  return tensor.repeat_interleave(rows / tensor.size(0), 0);
}

// Sums over the cells of a coarser grid.
Tensor cell_sums(const Tensor& maps, int64_t height, int64_t width) {
  const double cell = static_cast<double>((maps.size(2) / height) * (maps.size(3) / width));
  return area_resize(maps, height, width) * cell;
}

// Sum over pixels of weight (y - A up(O))^2 up to a constant: [B, K].
Tensor squared_difference(const LinearMeasurement& m, const Candidates& candidates, int64_t height,
                          int64_t width) {
  const int64_t rows = candidates.rows(), h = candidates.height(), w = candidates.width();
  const Tensor y = for_rows(m.y, rows), weight = for_rows(m.weight, rows);
  const bool coarser = !m.blur && h <= m.height && w <= m.width && m.height % h == 0 && m.width % w == 0;
  if (coarser) {
    // Repeated pixels cover whole cells of y: sum w (O - y)^2 = (sum w) (O - weighted mean of y)^2 +
    // constant.
    const Tensor full = weight.defined() ? weight : at::ones({1, 1, m.height, m.width}, y.options());
    const Tensor mass = cell_sums(full, h, w);
    const Tensor mean = cell_sums(y * full, h, w) / mass.clamp_min(1e-12);
    const Tensor colour = m.colour;
    return colour.defined() ? candidates.seen_through(colour, {}).distance_to(mean, mass)
                            : candidates.distance_to(mean, mass);
  }
  const auto spatial = [&](const Tensor& maps) {
    if (!m.blur) return area_resize(maps, m.height, m.width);
    return area_resize(m.blur(area_resize(maps, height, width)), m.height, m.width);
  };
  return candidates.seen_through(m.colour, spatial).distance_to(y, weight);
}

// Scores [B, K] of which all but `shortlist` in each row are lower than the lowest of these.
Tensor score_shortlist(const Objective& objective, const Candidates& candidates, int64_t height,
                       int64_t width, int64_t shortlist) {
  torch::NoGradGuard no_grad;
  const int64_t rows = candidates.rows();
  const auto linear = objective.linear_part();
  const Tensor index =
      linear.empty() ? spread_candidates(candidates, shortlist)
                     : std::get<1>(at::topk(score_linear(linear, candidates, height, width), shortlist, 1));
  const Tensor row = at::arange(rows, index.options()).repeat_interleave(shortlist);
  const Tensor images = candidates.at(index.flatten(), row).image;
  const Tensor score = objective.score(area_resize(images, height, width)).view({rows, shortlist});
  const Tensor lowest = std::get<0>(score.min(1, true)) - 1;
  return lowest.expand({rows, candidates.count()}).clone().scatter_(1, index, score);
}

}  // namespace

Tensor score_images(const Objective& objective, const Candidates& candidates, int64_t height, int64_t width) {
  torch::NoGradGuard no_grad;
  const int64_t rows = candidates.rows(), count = candidates.count();
  const Tensor images = candidates.images();  // [B, K, C, h, w]
  if (rows * count <= kImagesAtOnce)
    return objective.score(area_resize(images.flatten(0, 1), height, width)).view({rows, count});
  // In pieces along K, each holding all rows, so that groups of rows keep their targets.
  const int64_t piece = std::max<int64_t>(1, kImagesAtOnce / rows);
  std::vector<Tensor> scores;
  for (int64_t k = 0; k < count; k += piece) {
    const Tensor some = images.narrow(1, k, std::min(piece, count - k));
    scores.push_back(
        objective.score(area_resize(some.flatten(0, 1), height, width)).view({rows, some.size(1)}));
  }
  return at::cat(scores, 1);
}

Tensor score_linear(const std::vector<LinearMeasurement>& measurements, const Candidates& candidates,
                    int64_t height, int64_t width) {
  Tensor score;
  for (const LinearMeasurement& m : measurements) {
    const Tensor part = squared_difference(m, candidates, height, width) * -m.scale;
    score = score.defined() ? score + part : part;
  }
  return score;
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

Scorer liking_of(const Objective& objective, int64_t height, int64_t width, int64_t shortlist) {
  STEER_CHECK(shortlist >= 0, "[best_by] expected a shortlist of at least 0 candidates but got ", shortlist);
  return [&objective, height, width, shortlist](const Candidates& candidates) {
    const auto measurements = objective.measurements();
    if (!measurements.empty()) return score_linear(measurements, candidates, height, width);
    if (shortlist == 0 || shortlist >= candidates.count())
      return score_images(objective, candidates, height, width);
    return score_shortlist(objective, candidates, height, width, shortlist);
  };
}

int64_t top_count(double top, int64_t count) {
  const double wanted = top < 1 ? top * static_cast<double>(count) : top;
  return std::clamp(static_cast<int64_t>(std::llround(wanted)), int64_t{1}, count);
}

Chooser best_by(const Objective& objective, const Tensor& seeds, int64_t height, int64_t width,
                const BestByOptions& options) {
  STEER_CHECK(options.top > 0, "[best_by] expected to pick among more than 0 candidates but got ",
              options.top);
  const Scorer scorer = liking_of(objective, height, width, options.shortlist);
  return [scorer, seeds, options](const Candidates& candidates, int64_t layer) {
    const Tensor score = scorer(candidates);
    int64_t top = top_count(options.top, candidates.count());
    if (options.shortlist > 0) top = std::min(top, options.shortlist);
    if (top == 1) return Choice{score.argmax(1), {}, {}};
    const Tensor best = std::get<1>(at::topk(score, top, 1));  // [B, top]
    const Tensor u = uniform_rows(seeds, kPickStream + static_cast<uint64_t>(layer), {1});
    const Tensor pick =
        (u * static_cast<double>(top)).floor().to(torch::kInt64).clamp_max(top - 1).to(best.device());
    return Choice{best.gather(1, pick).squeeze(1), {}, {}};
  };
}

}  // namespace steer

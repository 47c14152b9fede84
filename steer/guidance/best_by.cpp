#include "steer/guidance/best_by.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/guidance/shortlist.h"
#include "steer/modalities/modalities.h"

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

// A measurement's values and weights [T, M, places...] as maps.
Tensor maps_of(const Tensor& values) {
  if (!values.defined() || values.dim() == 4) return values;
  return values.dim() == 3 ? values.unsqueeze(3) : values.unsqueeze(2).unsqueeze(3);
}

// Sum over places of weight (y - A up(O))^2 up to a constant: [B, K].
Tensor squared_difference(const Measurement& m, const Candidates& candidates, const Space& space) {
  const MapSizes full = map_sizes(space);
  const int64_t rows = candidates.rows(), h = candidates.height(), w = candidates.width();
  const Tensor y = for_rows(maps_of(m.y), rows), weight = for_rows(maps_of(m.weight), rows);
  const int64_t height = y.size(2), width = y.size(3);
  const auto& blur = m.map.blur;
  const bool coarser = !blur && h <= height && w <= width && height % h == 0 && width % w == 0;
  if (coarser) {
    // Repeated places cover whole cells of y: sum w (O - y)^2 = (sum w) (O - weighted mean of y)^2 +
    // constant.
    const Tensor all = weight.defined() ? weight : at::ones({1, 1, height, width}, y.options());
    const Tensor mass = cell_sums(all, h, w);
    const Tensor mean = cell_sums(y * all, h, w) / mass.clamp_min(1e-12);
    return m.map.mix.defined() ? candidates.seen_through(m.map.mix, {}).distance_to(mean, mass)
                               : candidates.distance_to(mean, mass);
  }
  const auto spatial = [&](const Tensor& maps) {
    if (!blur) return area_resize(maps, height, width);
    return area_resize(blur(area_resize(maps, full.height, full.width)), height, width);
  };
  return candidates.seen_through(m.map.mix, spatial).distance_to(y, weight);
}

}  // namespace

Tensor score_images(const Objective& objective, const Candidates& candidates, const Space& space,
                    const Tensor& index) {
  torch::NoGradGuard no_grad;
  const auto [channels, height, width] = map_sizes(space);
  const int64_t rows = candidates.rows(), count = index.defined() ? index.size(1) : candidates.count();
  const auto score = [&, height = height, width = width](const Tensor& some) {
    const Tensor flat = some.flatten(0, 1);
    const Tensor full = objective.enlargement() == Enlargement::kBilinear
                            ? at::upsample_bilinear2d(flat, {height, width}, false)
                            : area_resize(flat, height, width);
    return objective.score(finished_maps(space, full)).view({rows, some.size(1)});
  };
  Tensor images;  // [B, count, C, h, w]
  if (index.defined()) {
    const Tensor row = at::arange(rows, index.options()).repeat_interleave(count);
    images = candidates.at(index.flatten(), row).image.unflatten(0, {rows, count});
  } else {
    images = candidates.images();
  }
  if (rows * count <= kImagesAtOnce) return score(images);
  // In pieces along K, each holding all rows, so that groups of rows keep their targets.
  const int64_t piece = std::max<int64_t>(1, kImagesAtOnce / rows);
  std::vector<Tensor> scores;
  for (int64_t k = 0; k < count; k += piece)
    scores.push_back(score(images.narrow(1, k, std::min(piece, count - k))));
  return at::cat(scores, 1);
}

Tensor score_linear(const std::vector<Measurement>& measurements, const Candidates& candidates,
                    const Space& space) {
  Tensor score;
  for (const Measurement& m : measurements) {
    const Tensor part = squared_difference(m, candidates, space) * -m.scale;
    score = score.defined() ? score + part : part;
  }
  return score;
}

Tensor score_candidates(const Objective& objective, const Candidates& candidates, const Space& space,
                        int64_t groups, const Tensor& index) {
  const auto measurements = objective.linear();
  if (!measurements.empty()) {
    const Tensor score = score_linear(measurements, candidates, space);
    return index.defined() ? score.gather(1, index) : score;
  }
  const auto parts = objective.parts();
  if (parts.empty()) return score_images(objective, candidates, space, index);
  Tensor sum;
  for (const Objective::Part& part : parts) {
    Tensor score = score_candidates(*part.objective, candidates, space, groups, index);
    if (part.ranked) score = ranks_within(score.flatten(), groups).view_as(score);
    sum = sum.defined() ? sum + score * part.weight : score * part.weight;
  }
  return sum;
}

namespace {

// score_candidates of all, or of a shortlist while the others are never chosen: minus infinity, so that
// neither particles draw them nor does a row's choice depend on the scores of other rows.
Tensor liking(const Objective& objective, const Candidates& candidates, const Space& space, int64_t groups,
              int64_t shortlist) {
  const bool all = shortlist == 0 || shortlist >= candidates.count() || !objective.linear().empty();
  if (all) return score_candidates(objective, candidates, space, groups);
  const Tensor index = shortlisted(objective, candidates, space, shortlist);
  const Tensor score = score_candidates(objective, candidates, space, groups, index);
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  return at::full({candidates.rows(), candidates.count()}, kNever, score.options()).scatter_(1, index, score);
}

}  // namespace

Scorer liking_of(const Objective& objective, const Space& space, int64_t shortlist, int64_t groups) {
  STEER_CHECK(shortlist >= 0, "[best_by] expected a shortlist of at least 0 candidates but got ", shortlist);
  if (groups == 0) groups = objective.targets();
  return [&objective, space, groups, shortlist](const Candidates& candidates) {
    return liking(objective, candidates, space, groups, shortlist);
  };
}

int64_t top_count(double top, int64_t count) {
  const double wanted = top < 1 ? top * static_cast<double>(count) : top;
  return std::clamp(static_cast<int64_t>(std::llround(wanted)), int64_t{1}, count);
}

Chooser best_by(const Objective& objective, const Tensor& seeds, const Space& space,
                const BestByOptions& options, const Scorer& prior) {
  STEER_CHECK(options.top > 0, "[best_by] expected to pick among more than 0 candidates but got ",
              options.top);
  return [&objective, space, seeds, options, prior](const Candidates& candidates, int64_t layer) {
    // Every row chooses for itself.
    Tensor score = liking(objective, candidates, space, candidates.rows(), options.shortlist);
    if (prior) score = score + prior(candidates);
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

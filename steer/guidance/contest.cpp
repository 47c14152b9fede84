#include "steer/guidance/contest.h"

#include <limits>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/guidance/resampling.h"

namespace steer {
namespace {

constexpr uint64_t kRowLabel = 0x726f7773;
constexpr uint64_t kChoiceStream = 6000000;
constexpr double kLeastSpread = 1e-12;

// Places by falling score [N, W], the first of equals first; scores must not be NaN.
Tensor places_by(const Tensor& score) {
  return std::get<1>(at::sort(score, true, 1, true));
}

// Scores that may be compared: -inf where they are not finite.
Tensor proper(const Tensor& score) {
  return at::where(score.isfinite(), score, at::full_like(score, -std::numeric_limits<double>::infinity()));
}

// The mean of each sample's finite scores, [N, 1]; 0 where none is.
Tensor proper_mean(const Tensor& score) {
  const Tensor finite = score.isfinite();
  return at::where(finite, score, at::zeros_like(score)).sum(1, true) / finite.sum(1, true).clamp_min(1);
}

}  // namespace

Tensor rows_at(const Tensor& place, int64_t width) {
  return (place + at::arange(place.size(0), place.options()).unsqueeze(1) * width).flatten();
}

Contest::Contest(const PopulationOptions& options, const Tensor& seeds, int64_t width)
    : options_(options), seeds_(seeds), width_(width) {}

Tensor Contest::row_seeds() const {
  const Tensor own = seeds_.to(torch::kCPU).contiguous();
  Tensor all = own.repeat_interleave(width_);
  int64_t* seed = all.data_ptr<int64_t>();
  for (int64_t row = 0; row < all.size(0); ++row)
    if (const auto place = static_cast<uint64_t>(row % width_); place > 0)
      seed[row] = static_cast<int64_t>(derive_seed(static_cast<uint64_t>(seed[row]), kRowLabel, place));
  return all.to(seeds_.device());
}

Tensor Contest::spread(const Tensor& per_sample) const {
  if (!per_sample.defined()) return per_sample;
  STEER_CHECK(per_sample.dim() >= 1 && per_sample.size(0) == samples(), "[population] expected ", samples(),
              " samples to spread over rows but got ", shape_text(per_sample.sizes()));
  return per_sample.repeat_interleave(width_, 0);
}

void Contest::begin() {
  weights_.reset();
  score_ = winners_ = spread_ = Tensor();
}

PathWeights& Contest::path_weights(torch::Device device) {
  if (!weights_) weights_.emplace(samples(), width_, options_.potential, options_.temperature, device);
  return *weights_;
}

void Contest::correct(const Tensor& log_ratio) {
  path_weights(log_ratio.device()).correct(log_ratio);
}

// One uniform number [N, 1] for each sample, new at every turn.
Tensor Contest::uniform(int64_t turn, torch::Device device) const {
  return uniform_rows(seeds_, kChoiceStream + static_cast<uint64_t>(turn), {1}).to(device, torch::kFloat64);
}

void Contest::look_at(const Tensor& score) {
  score_ = score.view({samples(), width_});
  if (!options_.spread || width_ < 2) return;
  const Tensor mean = proper_mean(score_), finite = score_.isfinite();
  const Tensor apart = at::where(finite, (score_ - mean).square(), at::zeros_like(score_)).sum(1, true);
  const Tensor now = (apart / (finite.sum(1, true) - 1).clamp_min(1)).sqrt().clamp_min(kLeastSpread);
  spread_ = spread_.defined() ? at::maximum(spread_, now) : now;
}

// Places of the candidates that go on, int64 [N, 1], for svdd.
Tensor Contest::pick(int64_t turn) const {
  const Tensor value = proper(score_);
  if (options_.temperature == 0) return places_by(value).narrow(1, 0, 1);
  Tensor logits = (value - value.amax({1}, true)) / options_.temperature;
  if (spread_.defined()) logits = logits / spread_;
  // Where no score is finite all are -inf and the difference NaN.
  return systematic(at::where(logits.isnan(), at::zeros_like(logits), logits), uniform(turn, score_.device()),
                    1);
}

Tensor Contest::parents(const Tensor& score, int64_t turn) {
  look_at(score);
  Tensor place;
  if (options_.method == "svdd") {
    place = pick(turn).expand({samples(), width_});
  } else if (options_.method == "tree") {
    place =
        places_by(proper(score_)).narrow(1, 0, options_.paths).repeat_interleave(width_ / options_.paths, 1);
  } else {
    PathWeights& path = path_weights(score_.device());
    if (spread_.defined()) path.set_unit(spread_);
    path.weigh(score_, false);
    place = path.resample(uniform(turn, score_.device()), options_.threshold);
  }
  return place.defined() ? rows_at(place, width_) : place;
}

void Contest::finish(const Tensor& score, int64_t turn) {
  look_at(score);
  Tensor place;
  if (options_.method == "svdd") {
    place = pick(turn);
  } else if (options_.method == "feynman_kac") {
    PathWeights& path = path_weights(score_.device());
    if (spread_.defined()) path.set_unit(spread_);
    path.weigh(score_, true);
    place = path.drawn(uniform(turn, score_.device())).unsqueeze(1);
  } else {
    place = places_by(proper(score_)).narrow(1, 0, 1);
  }
  winners_ = rows_at(place, width_);
}

Tensor Contest::best(const Tensor& score, int64_t k) {
  return places_by(proper(score)).narrow(1, 0, k);
}

}  // namespace steer

#include "steer/guidance/population.h"

#include <cmath>
#include <limits>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/guidance/destinations.h"
#include "steer/guidance/path_weights.h"
#include "steer/guidance/resampling.h"
#include "steer/guidance/scoring.h"

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

// Row numbers of places [N, ...] within samples of `width` rows each, flat.
Tensor rows_at(const Tensor& place, int64_t width) {
  return (place + at::arange(place.size(0), place.options()).unsqueeze(1) * width).flatten();
}

}  // namespace

struct Population::Run {
  // What the denoiser said to one question.
  struct Answer {
    Tensor x, x0;
    double sigma = 0;

    bool fits(const Tensor& asked, const Tensor& level) const {
      if (!x0.defined() || (at::GradMode::is_enabled() && asked.requires_grad())) return false;
      if (asked.sizes() != x.sizes() || asked.scalar_type() != x.scalar_type()) return false;
      return (level == sigma).all().item<bool>() && (asked.is_same(x) || at::equal(asked, x));
    }
  };

  const Objective& objective;
  const PopulationOptions options;
  const Tensor seeds;
  const int64_t samples, width;
  std::function<Tensor()> correction = {};

  // Since wrap():
  int64_t steps = 0;
  std::optional<PathWeights> weights = {};
  Answer answer = {};
  Tensor score = {}, winners = {};
  Tensor spread = {};  // [N, 1], where temperatures are in units of it
  const Smoothed* foresight = nullptr;

  void begin() {
    steps = 0;
    weights.reset();
    answer = {};
    score = winners = spread = Tensor();
  }

  PathWeights& path_weights(torch::Device device) {
    if (!weights) weights.emplace(samples, width, options.potential, options.temperature, device);
    return *weights;
  }

  // One uniform number [N, 1] for each sample, new at every step.
  Tensor uniform(torch::Device device) const {
    return uniform_rows(seeds, kChoiceStream + static_cast<uint64_t>(steps), {1}).to(device, torch::kFloat64);
  }

  // Scores of what the denoiser makes of samples at sigma, or of finished ones at 0: [B].
  Tensor scores_of(const Tensor& x0, double sigma) const {
    if (!foresight || sigma == 0) return score_rows(objective, x0, samples);
    return foresight->closed(x0, open_deviation(options.data_std, sigma)).to(torch::kFloat64);
  }

  void look_at(const Tensor& x0, double sigma) {
    score = scores_of(x0, sigma).view({samples, width});
    if (!options.spread || width < 2) return;
    const Tensor mean = proper_mean(score), finite = score.isfinite();
    const Tensor apart = at::where(finite, (score - mean).square(), at::zeros_like(score)).sum(1, true);
    const Tensor now = (apart / (finite.sum(1, true) - 1).clamp_min(1)).sqrt().clamp_min(kLeastSpread);
    spread = spread.defined() ? at::maximum(spread, now) : now;
  }

  // Places of the candidates that go on, int64 [N, 1], for svdd.
  Tensor pick() const {
    const Tensor value = proper(score);
    if (options.temperature == 0) return places_by(value).narrow(1, 0, 1);
    Tensor logits = (value - value.amax({1}, true)) / options.temperature;
    if (spread.defined()) logits = logits / spread;
    // Where no score is finite all are -inf and the difference NaN.
    return systematic(at::where(logits.isnan(), at::zeros_like(logits), logits), uniform(score.device()), 1);
  }

  // Parents within each sample, int64 [N, W]; undefined where every row goes on.
  Tensor parents() {
    if (options.method == "svdd") return pick().expand({samples, width});
    if (options.method == "tree")
      return places_by(proper(score)).narrow(1, 0, options.paths).repeat_interleave(width / options.paths, 1);
    PathWeights& path = path_weights(score.device());
    if (spread.defined()) path.set_unit(spread);
    path.weigh(score, false);
    return path.resample(uniform(score.device()), options.threshold);
  }

  void finish(const Tensor& x) {
    look_at(x, 0);
    Tensor place;
    if (options.method == "svdd") {
      place = pick();
    } else if (options.method == "feynman_kac") {
      PathWeights& path = path_weights(score.device());
      if (spread.defined()) path.set_unit(spread);
      path.weigh(score, true);
      place = path.drawn(uniform(score.device())).unsqueeze(1);
    } else {
      place = places_by(proper(score)).narrow(1, 0, 1);
    }
    winners = rows_at(place, width);
  }

  bool weighs_at(double sigma) const {
    if (options.method == "best_of") return false;
    return (steps + 1) % options.every == 0 && sigma <= options.first_sigma && sigma >= options.last_sigma;
  }

  // D, which keeps to an answer that is at hand.
  Denoiser remembering(const Denoiser& D) const {
    return [this, &D](const Tensor& asked, const Tensor& level) {
      return answer.fits(asked, level) ? answer.x0 : D(asked, level);
    };
  }

  // Rows go on as their parents do, together with what the denoiser makes of them.
  void choose(Tensor moved, double sigma, const Denoiser& D) {
    const torch::NoGradGuard no_grad;
    Tensor x0 = D(moved, at::full({moved.size(0)}, sigma, moved.options()));
    look_at(x0, sigma);
    if (const Tensor parent = parents(); parent.defined()) {
      const Tensor row = rows_at(parent, width);
      moved = moved.index_select(0, row), x0 = x0.index_select(0, row);
    }
    answer = {moved, x0, sigma};
  }

  // Paths whose best children the denoiser will be said to have made of them.
  Tensor branch(const Tensor& x, double sigma, const Denoiser& D) {
    const torch::NoGradGuard no_grad;
    const int64_t children = options.count / width;
    const Tensor x0 = destinations(D(x, at::full({x.size(0)}, sigma, x.options())), seeds, children,
                                   open_deviation(options.data_std, sigma), steps);
    const Tensor value = proper(scores_of(x0, sigma)).view({samples, options.count});
    const Tensor best = places_by(value).narrow(1, 0, width);
    const Tensor parents = x.index_select(0, rows_at(at::div(best, children, "floor"), width));
    answer = {parents, x0.index_select(0, rows_at(best, options.count)), sigma};
    return parents;
  }

  Tensor advance(const Step& inner, const Denoiser& D, const Tensor& start, double sigma, double next) {
    STEER_CHECK(start.size(0) == samples * width, "[population] expected ", samples, " samples of ", width,
                " rows each but got ", shape_text(start.sizes()));
    const bool to_destinations = by_destination(options);
    const Tensor x = to_destinations && next > 0 && weighs_at(sigma) ? branch(start, sigma, D) : start;
    const Tensor moved = inner(remembering(D), x, sigma, next).detach();
    answer = {moved, {}, next};
    if (correction) path_weights(moved.device()).correct(correction());
    if (next == 0)
      finish(moved);
    else if (!to_destinations && weighs_at(next))
      choose(moved, next, D);
    ++steps;
    return answer.x;
  }
};

Population::Population(const Objective& objective, const PopulationOptions& options, const Tensor& seeds) {
  check_population(options);
  STEER_CHECK(seeds.dim() == 1 && seeds.scalar_type() == torch::kInt64,
              "[population] expected int64 seeds [N] but got ", seeds.toString(), " ",
              shape_text(seeds.sizes()));
  STEER_CHECK(seeds.size(0) % objective.targets() == 0, "[population] expected a multiple of ",
              objective.targets(), " samples, one group for each target, but got ", seeds.size(0));
  const int64_t width = options.method == "none"  ? 1
                        : by_destination(options) ? options.paths
                                                  : options.count;
  run_ = std::make_shared<Run>(Run{objective, options, seeds, seeds.size(0), width});
}

int64_t Population::rows() const {
  return run_->samples * run_->width;
}

Tensor Population::row_seeds() const {
  const Tensor own = run_->seeds.to(torch::kCPU).contiguous();
  Tensor all = own.repeat_interleave(run_->width);
  int64_t* seed = all.data_ptr<int64_t>();
  for (int64_t row = 0; row < all.size(0); ++row)
    if (const auto place = static_cast<uint64_t>(row % run_->width); place > 0)
      seed[row] = static_cast<int64_t>(derive_seed(static_cast<uint64_t>(seed[row]), kRowLabel, place));
  return all.to(run_->seeds.device());
}

Tensor Population::spread(const Tensor& per_sample) const {
  if (!per_sample.defined()) return per_sample;
  STEER_CHECK(per_sample.dim() >= 1 && per_sample.size(0) == run_->samples, "[population] expected ",
              run_->samples, " samples to spread over rows but got ", shape_text(per_sample.sizes()));
  return per_sample.repeat_interleave(run_->width, 0);
}

void Population::foresee(const Smoothed& objective) {
  STEER_CHECK(objective.whole(), "[population] expected an objective whose every term has a gradient");
  run_->foresight = &objective;
}

void Population::set_correction(std::function<Tensor()> log_ratio) {
  STEER_CHECK(run_->options.method == "feynman_kac",
              "[population] expected method feynman_kac for proposals with weights but got ",
              run_->options.method);
  run_->correction = std::move(log_ratio);
}

Step Population::wrap(const Step& inner) {
  run_->begin();
  if (run_->options.method == "none")
    return [run = run_, inner](const Denoiser& D, const Tensor& x, double sigma, double next) {
      Tensor moved = inner(D, x, sigma, next);
      if (next == 0) run->finish(moved);
      return moved;
    };
  return [run = run_, inner](const Denoiser& D, const Tensor& x, double sigma, double next) {
    return run->advance(inner, D, x, sigma, next);
  };
}

void Population::judge(const Tensor& x) {
  STEER_CHECK(x.size(0) == rows(), "[population] expected ", rows(), " rows but got ", shape_text(x.sizes()));
  run_->finish(x);
}

Tensor Population::winners() const {
  STEER_CHECK(run_->winners.defined(),
              "[population] expected winners after the step to sigma 0 but got a run ",
              "that has not come there");
  return run_->winners;
}

Tensor Population::scores() const {
  winners();
  return run_->score;
}

Tensor Population::log_evidence() const {
  STEER_CHECK(run_->options.method == "feynman_kac",
              "[population] expected method feynman_kac for the evidence but got ", run_->options.method);
  winners();
  return run_->weights->log_evidence();
}

}  // namespace steer

#include "steer/guidance/population.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/guidance/contest.h"
#include "steer/guidance/destinations.h"
#include "steer/guidance/scoring.h"

namespace steer {
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
  Contest contest;
  std::function<Tensor()> correction = {};

  // Since wrap():
  int64_t steps = 0;
  Answer answer = {};
  const Smoothed* foresight = nullptr;

  void begin() {
    steps = 0;
    answer = {};
    contest.begin();
  }

  // Scores of what the denoiser makes of samples at sigma, or of finished ones at 0: [B].
  Tensor scores_of(const Tensor& x0, double sigma) const {
    if (!foresight || sigma == 0) return score_rows(objective, x0, samples);
    return foresight->closed(x0, open_deviation(options.data_std, sigma)).to(torch::kFloat64);
  }

  void finish(const Tensor& x) { contest.finish(scores_of(x, 0), steps); }

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
    if (const Tensor row = contest.parents(scores_of(x0, sigma), steps); row.defined()) {
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
    const Tensor value = scores_of(x0, sigma).view({samples, options.count});
    const Tensor best = Contest::best(value, width);
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
    if (correction) contest.correct(correction());
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
  run_ = std::make_shared<Run>(
      Run{objective, options, seeds, seeds.size(0), width, Contest(options, seeds, width)});
}

int64_t Population::rows() const {
  return run_->samples * run_->width;
}

Tensor Population::row_seeds() const {
  return run_->contest.row_seeds();
}

Tensor Population::spread(const Tensor& per_sample) const {
  return run_->contest.spread(per_sample);
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
  STEER_CHECK(run_->contest.finished(),
              "[population] expected winners after the step to sigma 0 but got a run ",
              "that has not come there");
  return run_->contest.winners();
}

Tensor Population::scores() const {
  winners();
  return run_->contest.scores();
}

Tensor Population::log_evidence() const {
  STEER_CHECK(run_->options.method == "feynman_kac",
              "[population] expected method feynman_kac for the evidence but got ", run_->options.method);
  winners();
  return run_->contest.log_evidence();
}

}  // namespace steer

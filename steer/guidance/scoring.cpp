#include "steer/guidance/scoring.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "steer/core/check.h"

namespace steer {
namespace {

// Samples judged at once, at the most.
constexpr int64_t kSamplesAtOnce = 4096;

// One piece of an objective: in parts that hold the same places of every group, so that targets keep theirs.
Tensor scored(const Objective& objective, const State& samples, int64_t groups) {
  const int64_t each = samples.size() / groups, most = std::max<int64_t>(1, kSamplesAtOnce / groups);
  const Tensor& any = samples.x.defined() ? samples.x : samples.token;
  const auto score = [&](const State& some) {
    return objective.score(some).to(any.device(), torch::kFloat64);
  };
  if (each <= most) return score(samples);
  const Tensor grouped =
      at::arange(samples.size(), at::TensorOptions(any.device()).dtype(torch::kInt64)).view({groups, each});
  std::vector<Tensor> scores;
  for (int64_t from = 0; from < each; from += most) {
    const Tensor rows = grouped.narrow(1, from, std::min(most, each - from)).flatten();
    scores.push_back(score(samples.rows(rows)).view({groups, -1}));
  }
  return at::cat(scores, 1).flatten();
}

}  // namespace

Tensor score_rows(const Objective& objective, const State& samples, int64_t groups) {
  const torch::NoGradGuard no_grad;
  STEER_CHECK(groups > 0 && samples.size() % groups == 0 && groups % objective.targets() == 0,
              "[score_rows] expected samples in equal groups, a multiple of ", objective.targets(),
              " targets, but got ", samples.size(), " samples in ", groups, " groups");
  const auto parts = objective.parts();
  if (parts.empty()) return scored(objective, samples, groups);
  Tensor sum;
  for (const Objective::Part& part : parts) {
    Tensor score = score_rows(*part.objective, samples, groups);
    if (part.ranked) {
      const Tensor lowest = at::full_like(score, -std::numeric_limits<double>::infinity());
      score = ranks_within(at::where(score.isnan(), lowest, score), groups).to(torch::kFloat64);
    }
    sum = sum.defined() ? sum + score * part.weight : score * part.weight;
  }
  return sum;
}

}  // namespace steer

#include "steer/guidance/scoring.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/guidance/population_worlds.h"

namespace steer {
namespace {

TEST(Scoring, ManySamplesInPiecesKeepTheirTargets) {
  const Tensor goals = doubles({-1, 0, 1});
  int64_t most = 0;
  const Formula objective(
      [&](const Tensor& x) {
        most = std::max(most, x.size(0));
        return -(x.select(1, 0) - per_sample(goals, x.size(0), "test")).square();
      },
      3);
  const Tensor x = normals(5, {1}, 6 * 1500);
  const Tensor score = score_rows(objective, x, 6);
  EXPECT_LE(most, 4096);
  EXPECT_LT(largest(score + (x.select(1, 0) - goals.repeat_interleave(3000)).square()), 1e-12);
}

TEST(Scoring, RanksAreThoseOfAGroup) {
  std::vector<WeightedSum::Term> terms;
  terms.push_back({1, std::make_unique<Formula>([](const Tensor& x) { return x.select(1, 0); })});
  terms.push_back({10, std::make_unique<Formula>([](const Tensor& x) { return -x.select(1, 1); })});
  const RankSum ranks(std::move(terms));
  const Tensor x = doubles({5, 1, 7, 2, 6, 3, std::nan(""), 1, 3, 2, 9, 9}).view({6, 2});
  EXPECT_TRUE(torch::equal(score_rows(ranks, x, 2), doubles({0 + 20, 2 + 10, 1 + 0, 0 + 20, 1 + 10, 2 + 0})));
}

TEST(Scoring, UnevenGroupsAreRefused) {
  const Formula two([](const Tensor& x) { return x.select(1, 0); }, 2);
  EXPECT_THROW(score_rows(two, at::zeros({6, 1}), 3), Error);
  EXPECT_THROW(score_rows(two, at::zeros({6, 1}), 4), Error);
}

}  // namespace
}  // namespace steer

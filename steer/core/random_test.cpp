#include "steer/core/random.h"

#include <gtest/gtest.h>

#include <set>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Random, SplitMix64MatchesItsPublishedFirstNumbers) {
  // Golden: SplitMix64 with seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317ull);
  EXPECT_EQ(random.next(), 3203168211198807973ull);
  EXPECT_EQ(random.next(), 9817491932198370423ull);
}

TEST(Random, RowsDependOnTheirSeedAlone) {
  const Tensor seeds = sample_seeds(40, 7);
  const Tensor all = normal_rows(seeds, 3, {2, 5});
  for (int64_t i = 0; i < 7; ++i)
    EXPECT_TRUE(torch::equal(all[i], normal_rows(sample_seeds(40 + i, 1), 3, {2, 5})[0]));
  EXPECT_FALSE(torch::equal(all, normal_rows(seeds, 4, {2, 5})));
}

TEST(Random, RowsHaveTheMomentsOfTheirDistribution) {
  const Tensor uniform = uniform_rows(sample_seeds(1, 64), 0, {4096}).to(torch::kFloat64);
  EXPECT_NEAR(uniform.mean().item<double>(), 0.5, 2e-3);
  EXPECT_NEAR(uniform.var().item<double>(), 1.0 / 12, 1e-3);
  EXPECT_GE(uniform.min().item<double>(), 0.0);
  EXPECT_LT(uniform.max().item<double>(), 1.0);
  const Tensor normal = normal_rows(sample_seeds(1, 64), 0, {4096}).to(torch::kFloat64);
  EXPECT_NEAR(normal.mean().item<double>(), 0.0, 8e-3);
  EXPECT_NEAR(normal.var().item<double>(), 1.0, 1e-2);
  EXPECT_NEAR(normal.pow(4).mean().item<double>(), 3.0, 6e-2);
  // Neighbouring seeds and neighbouring numbers are uncorrelated.
  const Tensor first = normal.slice(0, 0, 63), second = normal.slice(0, 1, 64);
  EXPECT_NEAR((first * second).mean().item<double>(), 0.0, 1e-2);
}

TEST(Random, PermutationHoldsEveryNumberOnce) {
  const std::vector<int64_t> order = permutation(1000, 5);
  EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 1000u);
  EXPECT_NE(order, permutation(1000, 6));
  EXPECT_EQ(order, permutation(1000, 5));
}

TEST(Random, BelowStaysBelowAndRefusesZero) {
  Random random(9);
  std::vector<int> seen(6);
  for (int i = 0; i < 6000; ++i) ++seen[random.below(6)];
  for (int count : seen) EXPECT_NEAR(count, 1000, 150);
  EXPECT_THROW(random.below(0), Error);
}

}  // namespace
}  // namespace steer

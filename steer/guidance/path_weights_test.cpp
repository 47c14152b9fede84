#include "steer/guidance/path_weights.h"

#include <gtest/gtest.h>

#include <limits>

#include "steer/core/check.h"
#include "steer/guidance/population_worlds.h"

namespace steer {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// Scores [weighings, N, K] of any kind.
Tensor scores() {
  return normals(6, {2, 3}, 4) * 2;
}

TEST(PathWeights, PotentialsMultiplyToTheExponentialOfTheLastScore) {
  for (const std::string potential : {"difference", "max", "sum"}) {
    PathWeights weights(2, 3, potential, 0.5, torch::kCPU);
    const Tensor s = scores();
    for (int64_t i = 0; i < 4; ++i) weights.weigh(s[i], i == 3);
    EXPECT_LT(largest(weights.log_evidence() - ((s[3] / 0.5).logsumexp(1) - std::log(3))), 1e-12)
        << potential;
  }
}

TEST(PathWeights, AResampledPathKeepsWhatItsParentHasUsed) {
  // After every resampling the weight left is what brings the parent's product to exp(last score).
  for (const std::string potential : {"difference", "max", "sum"}) {
    PathWeights weights(2, 3, potential, 1, torch::kCPU);
    const Tensor s = scores();
    weights.weigh(s[0], false);
    const Tensor before = weights.log_evidence();
    const Tensor parents = weights.resample(doubles({0.3, 0.6}).unsqueeze(1), 1);
    ASSERT_TRUE(parents.defined());
    EXPECT_LT(largest(weights.log_evidence() - before), 1e-12);
    weights.weigh(s[1], true);
    const Tensor after = (s[1] - s[0].gather(1, parents)).logsumexp(1) - std::log(3);
    EXPECT_LT(largest(weights.log_evidence() - before - after), 1e-12) << potential;
  }
}

TEST(PathWeights, OnlySamplesOfFewEffectiveParticlesAreResampled) {
  PathWeights weights(3, 4, "difference", 1, torch::kCPU);
  weights.weigh(doubles({0, 0, 0, 1, 0, 0, 0, 50, 0, kNever, 0, 0}).view({3, 4}), false);
  const Tensor parents = weights.resample(at::full({3, 1}, 0.5, torch::kFloat64), 0.5);
  EXPECT_TRUE(torch::equal(parents[0], torch::tensor({0, 1, 2, 3}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(parents[1], torch::tensor({3, 3, 3, 3}, torch::kInt64)));
  EXPECT_FALSE((parents[2] == 1).any().item<bool>());
  EXPECT_FALSE(weights.resample(at::full({3, 1}, 0.5, torch::kFloat64), 0.5).defined());
}

TEST(PathWeights, CorrectionsWeighAndAreNotTakenBack) {
  PathWeights weights(1, 2, "max", 1, torch::kCPU);
  weights.correct(doubles({0.3, -0.2}));
  weights.weigh(doubles({1, 2}).view({1, 2}), false);
  weights.weigh(doubles({0.5, 0.1}).view({1, 2}), true);
  EXPECT_NEAR(weights.log_evidence().item<double>(), std::log((std::exp(0.8) + std::exp(-0.1)) / 2), 1e-12);
  EXPECT_THROW(weights.correct(doubles({0, kNever})), Error);
  EXPECT_THROW(weights.correct(doubles({0, 0, 0})), Error);
}

TEST(PathWeights, ScoresThatAreAllBrokenSayNothingBeforeTheEnd) {
  PathWeights weights(1, 2, "difference", 1, torch::kCPU);
  weights.weigh(doubles({std::nan(""), kNever}).view({1, 2}), false);
  EXPECT_EQ(weights.log_evidence().item<double>(), 0);
  weights.weigh(doubles({kNever, 1}).view({1, 2}), true);
  EXPECT_NEAR(weights.log_evidence().item<double>(), 1 - std::log(2), 1e-12);
  EXPECT_EQ(weights.drawn(doubles({0.0}).unsqueeze(1)).item<int64_t>(), 1);
}

TEST(PathWeights, ImpossibleOptionsAreRefused) {
  EXPECT_THROW(PathWeights(1, 2, "mean", 1, torch::kCPU), Error);
  EXPECT_THROW(PathWeights(1, 2, "sum", 0, torch::kCPU), Error);
}

}  // namespace
}  // namespace steer

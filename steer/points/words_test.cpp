#include "steer/points/words.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/points/points_space.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

const auto kDoubles = at::TensorOptions().dtype(torch::kFloat64);

std::unique_ptr<Objective> asked(const std::string& text) {
  ObjectiveContext context;
  context.space = points_space();
  return objective_of(text, vocabulary_of({&points_words()}, "points"), context);
}

double score_at(const std::string& text, double x, double y) {
  return asked(text)->score(torch::tensor({{x, y}}, kDoubles)).item<double>();
}

TEST(PointsWords, GiveTheirFormulas) {
  EXPECT_NEAR(score_at("ring(radius=0.5, std=0.1)", 0.3, 0.0), -2, 1e-6);
  EXPECT_NEAR(score_at("ring()", 0.0, 1.05), -0.5, 1e-6);
  EXPECT_NEAR(score_at("near(x=0.1, y=0.2, std=0.1)", 0.2, 0.4), -2.5, 1e-5);
  EXPECT_NEAR(score_at("coordinate(axis=y, value=1, std=0.5)", 7.0, 0.5), -0.5, 1e-6);
  EXPECT_NEAR(score_at("coordinate()", 0.55, 7.0), -0.5, 1e-5);
  EXPECT_NEAR(score_at("halfplane(angle=90, offset=0.2, sharpness=10)", 3.0, 0.2), -std::log(2.0), 1e-6);
  EXPECT_GT(score_at("density(two_moons)", -0.3, 0.45), score_at("density(two_moons)", -0.3, -0.5) + 3);
}

TEST(PointsWords, TheGradientIsTheSlopeOfTheScore) {
  for (const Word& word : points_words()) {
    const auto objective = asked(word.example);
    EXPECT_EQ(objective->differentiable(), word.nature != Nature::kBlackBox) << word.name;
    EXPECT_EQ(objective->linear().empty(), word.nature != Nature::kLinear) << word.name;
    const Tensor x = torch::tensor({{0.31, -0.27}, {-0.62, 0.4}}, kDoubles).requires_grad_(true);
    const Tensor gradient = torch::autograd::grad({objective->score(x).sum()}, {x})[0];
    constexpr double kStep = 1e-6;
    for (int64_t axis = 0; axis < 2; ++axis) {
      Tensor ahead = x.detach().clone(), behind = x.detach().clone();
      ahead.select(1, axis).add_(kStep), behind.select(1, axis).sub_(kStep);
      const Tensor slope = (objective->score(ahead) - objective->score(behind)) / (2 * kStep);
      EXPECT_TRUE(torch::allclose(slope, gradient.select(1, axis), 1e-4, 1e-4)) << word.name;
    }
  }
}

TEST(PointsWords, RefuseOtherSamplesAndValues) {
  EXPECT_THROW(asked("ring()")->score(torch::zeros({2, 3, 8, 8})), Error);
  EXPECT_NE(refusal([] { asked("ring(radius=-1)"); }), "accepted");
  EXPECT_NE(refusal([] { asked("coordinate(axis=z)"); }), "accepted");
  EXPECT_NE(refusal([] { asked("density(moons)"); }).find("unknown distribution"), std::string::npos);
}

}  // namespace
}  // namespace steer

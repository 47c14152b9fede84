#include "steer/image/canny.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// Black with a white right half from column `at`.
Tensor step_at(int64_t at, float height = 2) {
  Tensor x = torch::full({1, 1, 8, 12}, -1.0f);
  x.narrow(3, at, 12 - at) += height;
  return x;
}

TEST(Canny, AStepIsOneThinLine) {
  const Tensor edges = canny_edges(step_at(6));
  EXPECT_EQ(edges.sum().item<int64_t>(), 8);
  EXPECT_EQ(edges.select(3, 5).sum().item<int64_t>(), 8);  // of two equal columns the left one
  EXPECT_TRUE(torch::equal(canny_edges(step_at(6).transpose(2, 3)), edges.transpose(2, 3)));
  // The same in one colour channel alone.
  Tensor colour = torch::full({1, 3, 8, 12}, -1.0f);
  colour.narrow(1, 1, 1).copy_(step_at(6));
  EXPECT_TRUE(torch::equal(canny_edges(colour), edges));
}

TEST(Canny, WeakEdgesStayOnlyWhereTheyJoinStrongOnes) {
  // A step of d grey levels has a gradient of 4 d: 0.3 on [-1, 1] gives 152, between the thresholds.
  EXPECT_EQ(canny_edges(step_at(6, 0.3f)).sum().item<int64_t>(), 0);
  Tensor joined = step_at(6, 0.3f);
  joined.narrow(2, 0, 4).copy_(step_at(6).narrow(2, 0, 4));
  const Tensor edges = canny_edges(joined);
  EXPECT_EQ(edges.narrow(2, 5, 3).select(3, 5).sum().item<int64_t>(), 3);
}

TEST(Canny, TheScoreRewardsEdgesInPlaceAndPunishesOthers) {
  const CannyObjective objective(step_at(6), 100, 200, "canny()");
  EXPECT_FLOAT_EQ(objective.score(step_at(6)).item<float>(), 2);
  EXPECT_FLOAT_EQ(objective.score(torch::zeros({1, 1, 8, 12})).item<float>(), 1);
  // A line elsewhere: 8 of the 88 pixels off the edge respond.
  EXPECT_FLOAT_EQ(objective.score(step_at(3)).item<float>(), 1 - 8.0f / 88);
  EXPECT_FALSE(objective.differentiable());
  EXPECT_EQ(objective.degraded().eq(1).sum().item<int64_t>(), 8);
  EXPECT_THROW(CannyObjective(torch::zeros({1, 1, 8, 8}), 100, 200, "canny()"), Error);
  EXPECT_THROW(canny_edges(step_at(6), 200, 100), Error);
}

}  // namespace
}  // namespace steer

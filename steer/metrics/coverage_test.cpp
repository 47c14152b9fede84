#include "steer/metrics/coverage.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Coverage, OneDistributionLiesWithinItself) {
  torch::manual_seed(3);
  const Tensor x = torch::randn({1500, 2}), y = torch::randn({1200, 2});
  const Coverage both = coverage(x, y);
  EXPECT_GT(both.precision, 0.95);
  EXPECT_GT(both.recall, 0.95);
  const Coverage self = coverage(x, x);
  EXPECT_EQ(self.precision, 1);
  EXPECT_EQ(self.recall, 1);
  EXPECT_EQ(self.coverage, 1);
  // A real point is missed by M samples where its 3 neighbours come before all of them: (N / (N + M))^3.
  EXPECT_NEAR(both.coverage, 1 - std::pow(1500.0 / 2700, 3), 0.03);
}

TEST(Coverage, HalfTheModesCostRecallAlone) {
  torch::manual_seed(4);
  const Tensor left = torch::randn({300, 2}), right = torch::randn({300, 2}) + 50;
  const Coverage found = coverage(torch::cat({left, right}), torch::randn({300, 2}));
  EXPECT_GT(found.precision, 0.95);
  EXPECT_NEAR(found.recall, 0.5, 0.03);
  EXPECT_NEAR(found.coverage, 0.5 * 7 / 8, 0.03);
}

TEST(Coverage, OneStrangeSampleRaisesRecallAndNotCoverage) {
  torch::manual_seed(6);
  // Three samples far apart have radii that span all real ones.
  const Tensor apart = torch::tensor({{-90.0, 0.0}, {90.0, 0.0}, {0.0, 90.0}, {0.0, -90.0}}, torch::kFloat32);
  const Coverage found = coverage(torch::randn({300, 2}), apart);
  EXPECT_EQ(found.recall, 1);
  EXPECT_EQ(found.coverage, 0);
}

TEST(Coverage, StrangeSamplesCostPrecisionAlone) {
  torch::manual_seed(5);
  const Tensor strange = torch::cat({torch::randn({300, 2}), torch::randn({100, 2}) * 0.01 + 50});
  const Coverage found = coverage(torch::randn({300, 2}), strange);
  EXPECT_NEAR(found.precision, 0.75, 0.03);
  EXPECT_GT(found.recall, 0.95);
}

TEST(Coverage, RefusesTooFewOrUnlikeFeatures) {
  EXPECT_THROW(coverage(torch::randn({3, 2}), torch::randn({9, 2})), Error);
  EXPECT_THROW(coverage(torch::randn({9, 3}), torch::randn({9, 2})), Error);
}

}  // namespace
}  // namespace steer

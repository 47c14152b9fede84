#include "steer/metrics/rate_saving.h"

#include <gtest/gtest.h>

#include <cmath>

namespace steer {
namespace {

std::vector<RatePoint> curve(double scale, const std::vector<double>& psnr) {
  std::vector<RatePoint> points;
  for (const double p : psnr) points.push_back({scale * std::exp(0.2 * p + 0.002 * p * p), p});
  return points;
}

TEST(RateSaving, AConstantShareIsFoundWhateverThePoints) {
  const auto found = rate_saving(curve(1, {20, 24, 28, 33, 40}), curve(0.7, {22, 25, 26, 31, 36}));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->share, -0.3, 0.005);
  EXPECT_EQ(found->from, 22);
  EXPECT_EQ(found->to, 36);
  EXPECT_NEAR(rate_saving(curve(0.7, {22, 25, 26, 31, 36}), curve(1, {20, 24, 28, 33, 40}))->share,
              1 / 0.7 - 1, 0.01);
}

TEST(RateSaving, IsTheMeanOfLogarithmsOfStraightLines) {
  // From equal bits at 20 dB to half at 30 dB: the mean of the logarithm is half that of a half.
  const auto found = rate_saving({{100, 20}, {400, 30}}, {{100, 20}, {200, 30}});
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->share, std::sqrt(0.5) - 1, 1e-6);
}

TEST(RateSaving, PointsThatCostMoreForLessDoNotCount) {
  std::vector<RatePoint> odd = curve(1, {20, 24, 28, 33, 40});
  odd.push_back({odd[3].bits * 2, 22});
  EXPECT_NEAR(rate_saving(odd, curve(1, {20, 24, 28, 33, 40}))->share, 0, 1e-12);
}

TEST(RateSaving, NothingWhereCurvesDoNotMeet) {
  EXPECT_FALSE(rate_saving(curve(1, {20, 24}), curve(1, {25, 30})));
  EXPECT_FALSE(rate_saving(curve(1, {20}), curve(1, {15, 30})));
  EXPECT_FALSE(rate_saving({}, {}));
}

// The tangent between unequal pieces is the weighted harmonic mean of their slopes (Fritsch and Butland
// 1984), which the integral of a cubic, h (y + y') / 2 + h^2 (m - m') / 12, has in it.
TEST(RateSaving, GoesThroughPointsByMonotoneCubics) {
  const std::vector<RatePoint> anchor = {{std::exp(1.0), 30}, {std::exp(2.6), 33}},
                               tested = {{std::exp(1.0), 30}, {std::exp(1.2), 31}, {std::exp(2.6), 33}};
  const double middle = (5.0 + 4.0) / (5.0 / 0.2 + 4.0 / 0.7);
  const double sum = (1 + 1.2) / 2 + (0.2 - middle) / 12 + (1.2 + 2.6) + 4 * (middle - 0.7) / 12;
  EXPECT_NEAR(rate_saving(anchor, tested)->share, std::expm1((sum - 3 * 1.8) / 3), 1e-6);
}

}  // namespace
}  // namespace steer

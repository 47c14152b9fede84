#include "steer/metrics/frechet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

Moments of(const Tensor& mean, const Tensor& covariance) {
  return {mean.to(torch::kFloat64), covariance.to(torch::kFloat64), 100};
}

TEST(Frechet, IsTheClosedFormForGaussiansWithCommonAxes) {
  const Tensor a = torch::tensor({1.0, 4.0, 9.0}), b = torch::tensor({4.0, 4.0, 1.0});
  const double d = frechet_distance(of(torch::zeros(3), torch::diag(a)),
                                    of(torch::tensor({1.0, 2.0, 0.0}), torch::diag(b)));
  EXPECT_NEAR(d, 1 + 4 + (a.sqrt() - b.sqrt()).square().sum().item<double>(), 1e-9);
}

TEST(Frechet, MomentsAreThoseOfTheUnbiasedEstimates) {
  const Moments made = moments(torch::tensor({{1.0, 2.0}, {3.0, 2.0}, {2.0, 5.0}}));
  EXPECT_EQ(made.count, 3);
  EXPECT_TRUE(at::allclose(made.mean, torch::tensor({2.0, 3.0}, torch::kFloat64)));
  EXPECT_TRUE(at::allclose(made.covariance, torch::tensor({{1.0, 0.0}, {0.0, 3.0}}, torch::kFloat64)));
}

TEST(Frechet, TurningBothSetsChangesNothing) {
  torch::manual_seed(1);
  const auto wide = torch::TensorOptions(torch::kFloat64);
  const Tensor x = torch::randn({200, 5}, wide), y = torch::randn({300, 5}, wide) * 2 + 1;
  const Tensor turn = std::get<0>(at::linalg_qr(torch::randn({5, 5}, wide)));
  const double d = frechet_distance(moments(x), moments(y));
  EXPECT_GT(d, 5);
  EXPECT_NEAR(frechet_distance(moments(y), moments(x)), d, 1e-8);
  EXPECT_NEAR(frechet_distance(moments(x.mm(turn)), moments(y.mm(turn))), d, 1e-8);
  EXPECT_NEAR(frechet_distance(moments(x), moments(x)), 0, 1e-8);
}

TEST(Frechet, FeaturesThatNeverVaryAreNoProblem) {
  const Tensor x = torch::cat({torch::randn({50, 2}), torch::zeros({50, 3})}, 1);
  EXPECT_NEAR(frechet_distance(moments(x), moments(x)), 0, 1e-8);
}

TEST(KernelDistance, IsZeroOnAverageForOneDistributionAndGrowsWithShifts) {
  torch::manual_seed(2);
  double same = 0;
  for (int i = 0; i < 300; ++i) same += kernel_distance(torch::randn({60, 4}), torch::randn({40, 4})) / 300;
  EXPECT_NEAR(same, 0, 0.05);
  EXPECT_GT(kernel_distance(torch::randn({60, 4}), torch::randn({40, 4}) + 1), 1);
  // Two pairs of rows, worked by hand: within a (0 + 1)^3 = 1, within b (2 / 2 + 1)^3 = 8, across 1 each.
  EXPECT_NEAR(kernel_distance(torch::zeros({2, 2}), torch::ones({2, 2})), 1 + 8 - 2, 1e-12);
}

TEST(Frechet, RefusesTooFewAndUnlikeFeatures) {
  EXPECT_THROW(moments(torch::zeros({1, 3})), Error);
  EXPECT_THROW(moments(torch::full({4, 3}, NAN)), Error);
  EXPECT_THROW(frechet_distance(moments(torch::randn({4, 3})), moments(torch::randn({4, 2}))), Error);
  EXPECT_THROW(kernel_distance(torch::randn({4, 3}), torch::randn({4, 2})), Error);
}

}  // namespace
}  // namespace steer

#include "steer/objectives/measurement.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Two targets of 3 channels at 8x8, mixed to 2 channels, mirrored, halved, weighted.
Measurement everything_at_once() {
  torch::manual_seed(1);
  Measurement measurement;
  measurement.map.mix = torch::randn({2, 3}, torch::kFloat64);
  measurement.map.blur = [](const Tensor& x) { return 0.5 * (x + x.flip({3})) + 0.25 * x.roll({1}, {2}); };
  measurement.map.places = {4, 4};
  measurement.y = torch::randn({2, 2, 4, 4}, torch::kFloat64);
  measurement.weight = torch::rand({2, 1, 4, 4}, torch::kFloat64);
  measurement.scale = 3.0;
  return measurement;
}

TEST(Measurement, LikelihoodIsTheDenseFormula) {
  const Measurement measurement = everything_at_once();
  const Tensor x = torch::rand({6, 3, 8, 8}, torch::kFloat64) * 2 - 1;
  // A as a matrix, column by column, from the unit pictures.
  const Tensor units = torch::eye(3 * 64, torch::kFloat64).view({3 * 64, 3, 8, 8});
  const Tensor a = measurement.map.measure(units).view({3 * 64, 2 * 16});
  const Tensor scores = log_likelihood(measurement, x);
  ASSERT_EQ(shape_text(scores.sizes()), "[6]");
  for (int64_t n = 0; n < 6; ++n) {
    const int64_t target = n / 3;
    const Tensor difference = measurement.y[target].flatten() - x[n].flatten().matmul(a);
    const Tensor weight = measurement.weight[target].expand({2, 4, 4}).reshape({-1});
    EXPECT_NEAR(scores[n].item<double>(), -3.0 * (weight * difference * difference).sum().item<double>(),
                1e-9);
  }
}

TEST(Measurement, GradientMatchesFiniteDifferences) {
  const Measurement measurement = everything_at_once();
  Tensor x = torch::rand({2, 3, 8, 8}, torch::kFloat64).requires_grad_();
  log_likelihood(measurement, x).sum().backward();
  const Tensor direction = torch::randn_like(x);
  torch::NoGradGuard no_grad;
  const double step = 1e-5;
  const double rise =
      (log_likelihood(measurement, x + step * direction) - log_likelihood(measurement, x - step * direction))
          .sum()
          .item<double>();
  EXPECT_NEAR(rise / (2 * step), (x.grad() * direction).sum().item<double>(), 1e-6);
}

TEST(Measurement, SumsInFloat32AtLeast) {
  const Measurement measurement = everything_at_once();
  const Tensor x = torch::rand({2, 3, 8, 8}).to(torch::kBFloat16);
  EXPECT_EQ(log_likelihood(measurement, x).scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::allclose(log_likelihood(measurement, x),
                              log_likelihood(measurement, x.to(torch::kFloat64)).to(torch::kFloat32), 1e-5));
}

TEST(Measurement, RefusesWrongShapesAndUnevenGroups) {
  Measurement measurement = everything_at_once();
  EXPECT_THROW(log_likelihood(measurement, torch::zeros({3, 3, 8, 8})), Error);
  EXPECT_THROW(log_likelihood(measurement, torch::zeros({2, 1, 8, 8})), Error);
  EXPECT_THROW(log_likelihood(measurement, torch::zeros({3, 8, 8})), Error);
  check_measurement(measurement, "test");
  measurement.weight[0][0][0][0] = -1;
  EXPECT_THROW(check_measurement(measurement, "test"), Error);
  measurement.weight = torch::ones({1, 2, 4, 4});
  EXPECT_THROW(check_measurement(measurement, "test"), Error);
}

}  // namespace
}  // namespace steer

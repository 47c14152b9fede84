#include "steer/objectives/linear_objective.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// Sizes of images, waves and points.
const std::vector<std::vector<int64_t>> kSizes = {{3, 6, 5}, {1, 9}, {2}};

Tensor samples_of(const std::vector<int64_t>& sizes, int64_t count) {
  std::vector<int64_t> shape = {count};
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  torch::manual_seed(7);
  return torch::rand(shape, torch::kFloat64) * 2 - 1;
}

TEST(Gaussian, IsTheLogDensityOfEveryNumberOfEveryKindUpToItsConstant) {
  for (const std::vector<int64_t>& sizes : kSizes) {
    const Tensor x = samples_of(sizes, 3);
    const LinearObjective objective(gaussian(0.3, 0.5, sizes), "gaussian()");
    const Tensor expected = -(x - 0.3).square().flatten(1).sum(1) / (2 * 0.25);
    EXPECT_TRUE(torch::allclose(objective.score(x), expected, 1e-6, 1e-4));
    EXPECT_NEAR(objective.score(torch::full_like(x, 0.3)).abs().max().item<double>(), 0, 1e-12);
    EXPECT_FALSE(objective.degraded().defined());
    EXPECT_EQ(objective.targets(), 1);
    // Its gradient is (mean - x) / std^2.
    Tensor moved = x.clone().requires_grad_();
    objective.score(moved).sum().backward();
    EXPECT_TRUE(torch::allclose(moved.grad(), (0.3 - x) / 0.25, 1e-6, 1e-6));
  }
  EXPECT_THROW(gaussian(0, 0, {3, 4, 4}), Error);
  EXPECT_THROW(gaussian(0, 1, {}), Error);
}

TEST(WholeTask, IsHighestAtItsOwnTargetAndHidesEveryPlace) {
  for (const std::vector<int64_t>& sizes : kSizes) {
    const Tensor truth = samples_of(sizes, 2);
    const LinearObjective objective(whole_task("test", truth, 0.1), "whole()");
    EXPECT_EQ(objective.targets(), 2);
    EXPECT_EQ(objective.score(truth).abs().max().item<double>(), 0);
    EXPECT_LT(objective.score(truth + 0.1).max().item<double>(), -0.9);  // -n * 0.1^2 / (2 * 0.1^2)
    EXPECT_TRUE(torch::equal(objective.degraded(), truth));
    EXPECT_EQ(objective.hidden().sizes().slice(2), truth.sizes().slice(2));
    EXPECT_TRUE(objective.hidden().eq(1).all().item<bool>());
  }
  for (const double noise : {0.0, -1.0, std::nan("")})
    EXPECT_THROW(whole_task("test", samples_of({2}, 1), noise), Error);
}

}  // namespace
}  // namespace steer

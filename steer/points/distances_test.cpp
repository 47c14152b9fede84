#include "steer/points/distances.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(SlicedWasserstein, IsTheRootHalfOfAShift) {
  // A shift by d moves the projection on angle a by |d| cos(a - angle of d), whose mean square is |d|^2 / 2.
  const Tensor x = torch::randn({300, 2});
  const double moved = sliced_wasserstein(x, x + torch::tensor({0.3, -0.4}));
  EXPECT_NEAR(moved, 0.5 / std::sqrt(2.0), 1e-6);
  EXPECT_EQ(sliced_wasserstein(x, x.flip(0)), 0);
}

TEST(SlicedWasserstein, ComparesQuantilesOfCloudsOfDifferentSize) {
  const Tensor x = torch::randn({64, 2});
  EXPECT_LT(sliced_wasserstein(x, x.repeat({16, 1})), 0.1);
  // N(0, 1) against N(0, s^2): |1 - s| along every direction.
  torch::manual_seed(3);
  EXPECT_NEAR(sliced_wasserstein(torch::randn({20000, 2}), 1.5 * torch::randn({10000, 2})), 0.5, 0.03);
  EXPECT_THROW(sliced_wasserstein(torch::zeros({0, 2}), x), Error);
  EXPECT_THROW(sliced_wasserstein(x * NAN, x), Error);
}

}  // namespace
}  // namespace steer

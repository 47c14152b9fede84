#include "steer/metrics/perceptual.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// The first two numbers of each image.
SavedNetwork first_two() {
  return {[](const Tensor& x) { return x.flatten(1).narrow(1, 0, 2); }, 0, 0, "first two"};
}

TEST(Perceptual, IsTheSquaredDistanceOfDirections) {
  const Tensor a = torch::tensor({{2.0, 0.0}, {1.0, 1.0}, {0.0, 3.0}, {0.0, 0.0}});
  const Tensor b = torch::tensor({{5.0, 0.0}, {1.0, -1.0}, {0.0, -1.0}, {0.0, 7.0}});
  const Tensor expected = torch::tensor(std::vector<double>{0, 2, 4, 1}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(perceptual_distances(a, b), expected));
  EXPECT_TRUE(torch::allclose(perceptual_distances(b, a), expected));
}

TEST(Perceptual, EqualImagesAreAtNoDistanceAndNoneIsAboveFour) {
  torch::manual_seed(1);
  const Tensor a = torch::randn({600, 40}), b = torch::randn({600, 40});
  EXPECT_EQ(perceptual_distances(a, a).max().item<double>(), 0);
  EXPECT_EQ(perceptual_distances(a, 4 * a).max().item<double>(), 0);
  EXPECT_LE(perceptual_distances(a, b).max().item<double>(), 4);
  // Independent directions: 2 on the mean.
  EXPECT_NEAR(perceptual_distances(a, b).mean().item<double>(), 2, 0.1);
}

TEST(Perceptual, AsksTheNetworkForManyImages) {
  torch::manual_seed(2);
  const Tensor a = torch::rand({600, 1, 2, 2}) * 2 - 1, b = torch::rand({600, 1, 2, 2}) * 2 - 1;
  const double expected =
      perceptual_distances(a.flatten(1).narrow(1, 0, 2), b.flatten(1).narrow(1, 0, 2)).mean().item<double>();
  EXPECT_NEAR(perceptual_distance(first_two(), a, b), expected, 1e-12);
  EXPECT_EQ(perceptual_distance(first_two(), a, a), 0);
}

TEST(Perceptual, RefusesImagesWithoutPartners) {
  EXPECT_THROW(perceptual_distances(torch::ones({3, 4}), torch::ones({2, 4})), Error);
  EXPECT_THROW(perceptual_distances(torch::ones({3}), torch::ones({3})), Error);
  EXPECT_THROW(perceptual_distances(torch::ones({0, 4}), torch::ones({0, 4})), Error);
  EXPECT_THROW(perceptual_distance(first_two(), torch::ones({3, 1, 2, 2}), torch::ones({2, 1, 2, 2})), Error);
}

}  // namespace
}  // namespace steer

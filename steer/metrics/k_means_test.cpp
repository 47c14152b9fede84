#include "steer/metrics/k_means.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/metrics/clusters.h"

namespace steer {
namespace {

// Points [4 n, 2] around the corners of a square of side 10, and which corner: int64 [4 n].
std::pair<Tensor, Tensor> four_heaps(int64_t n) {
  torch::manual_seed(4);
  const Tensor corner = at::arange(4 * n).remainder(4);
  const Tensor place = at::stack({10 * corner.remainder(2), 10 * corner.floor_divide(2)}, 1);
  return {place.to(torch::kFloat32) + at::randn({4 * n, 2}), corner};
}

TEST(KMeans, FindsHeapsThatStandApart) {
  const auto [points, corner] = four_heaps(50);
  const KMeans found = k_means(points, 4, 1);
  EXPECT_EQ(cluster_agreement(found.group, corner).purity, 1);
  EXPECT_NEAR(found.spread, 2, 0.3);  // two numbers of variance 1
  // Each centre is the mean of its points.
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_TRUE(at::allclose(found.centre[i], points.index({found.group == i}).mean(0), 1e-4, 1e-4));
}

TEST(KMeans, IsAFunctionOfItsSeed) {
  const auto [points, corner] = four_heaps(10);
  EXPECT_TRUE(torch::equal(k_means(points, 7, 3).group, k_means(points, 7, 3).group));
}

TEST(KMeans, NoGroupIsEmpty) {
  const Tensor same = at::ones({6, 3});
  EXPECT_EQ(at::bincount(k_means(same, 4, 1).group, {}, 4).min().item<int64_t>(), 1);
  const auto [points, corner] = four_heaps(3);
  const KMeans each = k_means(points, 12, 1);
  EXPECT_EQ(at::bincount(each.group, {}, 12).max().item<int64_t>(), 1);
  EXPECT_NEAR(each.spread, 0, 1e-9);
}

TEST(KMeans, MoreGroupsThanPointsAreRefused) {
  EXPECT_THROW(k_means(at::ones({3, 2}), 4, 1), Error);
  EXPECT_THROW(k_means(at::ones({3, 2}), 0, 1), Error);
}

}  // namespace
}  // namespace steer

#include "steer/metrics/diversity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/metrics/perceptual.h"

namespace steer {
namespace {

// Every sample beside every other and itself: [N^2, ...] each.
std::pair<Tensor, Tensor> all_pairs(const Tensor& x) {
  const int64_t n = x.size(0);
  const Tensor index = torch::arange(n);
  return {x.index_select(0, index.repeat_interleave(n)), x.index_select(0, index.repeat({n}))};
}

TEST(Diversity, IsTheMeanOverAllPairs) {
  torch::manual_seed(1);
  const Tensor x = torch::rand({12, 3, 4, 4}) * 2 - 1, features = torch::randn({12, 6});
  const auto [a, b] = all_pairs(x);
  EXPECT_NEAR(pixel_diversity(x), std::sqrt((a - b).square().mean().item<double>()), 1e-6);
  const auto [u, v] = all_pairs(features);
  EXPECT_NEAR(feature_diversity(features), perceptual_distances(u, v).mean().item<double>(), 1e-12);
}

TEST(Diversity, IsThatOfUniformNoiseAndNoneWhereAllAreAlike) {
  torch::manual_seed(2);
  EXPECT_NEAR(pixel_diversity(torch::rand({400, 3, 8, 8}) * 2 - 1), std::sqrt(2.0 / 3), 0.005);
  EXPECT_NEAR(feature_diversity(torch::randn({2000, 8})), 2, 0.02);
  EXPECT_EQ(pixel_diversity(torch::full({7, 1, 2, 2}, 0.3)), 0);
  EXPECT_EQ(pixel_diversity(torch::rand({1, 3, 2, 2})), 0);
  // Lengths of rows do not count.
  const Tensor row = torch::randn({1, 5});
  EXPECT_NEAR(feature_diversity(torch::cat({row, 3 * row, 0.1 * row})), 0, 1e-12);
  EXPECT_NEAR(feature_diversity(torch::cat({row, -row})), 2, 1e-9);
}

TEST(Diversity, RefusesNothingAtAll) {
  EXPECT_THROW(pixel_diversity(torch::ones({0, 3, 2, 2})), Error);
  EXPECT_THROW(feature_diversity(torch::ones({0, 3})), Error);
  EXPECT_THROW(feature_diversity(torch::ones({3})), Error);
}

TEST(TokenDiversity, IsTheShareOfPlacesThatDiffer) {
  EXPECT_EQ(token_diversity(torch::full({5, 3}, 2, torch::kInt64)), 0);
  // Of two samples half of all pairs are one sample twice.
  EXPECT_NEAR(token_diversity(torch::tensor({{0, 1, 2, 3}, {0, 1, 5, 6}}, torch::kInt64)), 0.25, 1e-12);
  torch::manual_seed(1);
  EXPECT_NEAR(token_diversity(torch::randint(0, 8, {4000, 6}, torch::kInt64)), 7.0 / 8, 2e-3);
}

}  // namespace
}  // namespace steer

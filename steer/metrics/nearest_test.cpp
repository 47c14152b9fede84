#include "steer/metrics/nearest.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Nearest, PiecesFindWhatSortingAllDistancesFinds) {
  torch::manual_seed(3);
  const Tensor points = torch::randn({40, 5}), set = torch::randn({333, 5});
  NearestSearch search(points);
  search.add(set.narrow(0, 0, 1));
  search.add(set.narrow(0, 1, 200));
  search.add(set.narrow(0, 201, 132));
  const auto [sorted, order] = torch::sqrt((points.unsqueeze(1) - set).square().sum(2)).sort(1);
  const Nearest& found = search.found();
  EXPECT_TRUE(torch::equal(found.index, order.select(1, 0)));
  EXPECT_TRUE(torch::allclose(found.first, sorted.select(1, 0), 1e-4, 1e-4));
  EXPECT_TRUE(torch::allclose(found.second, sorted.select(1, 1), 1e-4, 1e-4));
}

TEST(Nearest, ASetLargerThanAPieceIsWhole) {
  torch::manual_seed(4);
  const Tensor set = torch::randn({4500, 3});
  const Tensor asked = torch::tensor({4499, 0, 2000, 1999}, torch::kInt64);
  NearestSearch search(set.index_select(0, asked));
  search.add(set);
  EXPECT_TRUE(torch::equal(search.found().index, asked));
}

TEST(Nearest, CopiesAreTold) {
  torch::manual_seed(5);
  const Tensor set = torch::randn({500, 64});
  // A quarter is copied with a little noise, the rest is drawn anew.
  const Tensor points =
      torch::cat({set.narrow(0, 0, 25) + 0.02 * torch::randn({25, 64}), torch::randn({75, 64})});
  NearestSearch search(points);
  search.add(set);
  EXPECT_DOUBLE_EQ(share_repeated(search.found(), 0.01), 0.25);
  // What stands in the set twice is a copy too, within a hair.
  NearestSearch twice(set.narrow(0, 0, 10) + 0.001);
  twice.add(torch::cat({set, set}));
  EXPECT_DOUBLE_EQ(share_repeated(twice.found(), 0.1), 1);
  NearestSearch anew(torch::randn({10, 64}));
  anew.add(torch::cat({set, set}));
  EXPECT_DOUBLE_EQ(share_repeated(anew.found(), 0.1), 0);
}

TEST(Nearest, RefusesOtherSizes) {
  NearestSearch search(torch::randn({3, 2}));
  EXPECT_THROW(search.add(torch::randn({3, 4})), Error);
  EXPECT_THROW(NearestSearch(torch::randn({3})), Error);
}

}  // namespace
}  // namespace steer

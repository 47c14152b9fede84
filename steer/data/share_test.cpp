#include "steer/data/share.h"

#include <gtest/gtest.h>

#include "steer/core/random.h"

namespace steer {
namespace {

TEST(Share, RowsHaveTheSeedsAndNumbersOfTheirPlaceInTheBatch) {
  const Tensor all = sample_seeds(77, 12), numbers = torch::rand({12, 2});
  std::vector<Tensor> seeds, own;
  for (int64_t rank = 0; rank < 3; ++rank) {
    seeds.push_back(row_seeds({rank, 3}, 77, 4));
    own.push_back(own_rows({rank, 3}, numbers));
  }
  EXPECT_TRUE(torch::equal(torch::cat(seeds), all));
  EXPECT_TRUE(torch::equal(torch::cat(own), numbers));
  EXPECT_TRUE(torch::equal(row_seeds({}, 77, 12), all));
}

TEST(Share, WhatIsDrawnForAShareAsAWholeIsItsOwn) {
  EXPECT_NE(seed_of_share({0, 2}, 5), seed_of_share({1, 2}, 5));
  EXPECT_EQ(seed_of_share({}, 5), 5u);
}

}  // namespace
}  // namespace steer

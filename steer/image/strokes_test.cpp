#include "steer/image/strokes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Strokes, AreTheWeightedDifferenceWhereSomethingIsPainted) {
  torch::manual_seed(9);
  const Tensor painting = torch::rand({2, 3, 6, 6}) * 2 - 1, x = torch::rand({4, 3, 6, 6}) * 2 - 1;
  Tensor alpha = torch::rand({2, 1, 6, 6});
  alpha.narrow(3, 0, 3).zero_();
  const Tensor wide = alpha.repeat_interleave(2, 0), difference = x - painting.repeat_interleave(2, 0);
  const auto expected = [&](const Tensor& d) { return -(d * wide).sum({1, 2, 3}); };
  const LinearObjective squared(strokes(painting, alpha, 0.5), "strokes()");
  const StrokesObjective absolute(painting, alpha, 0.5, "strokes()");
  EXPECT_TRUE(torch::allclose(squared.score(x), expected(difference.square()) * 2, 1e-4, 1e-4));
  EXPECT_TRUE(torch::allclose(absolute.score(x), expected(difference.abs()) * std::sqrt(8.0), 1e-4, 1e-4));
  EXPECT_EQ(squared.linear().size(), 1u);
  EXPECT_EQ(squared.hidden().sum().item<int64_t>(), 2 * 18);
  // What lies under transparent pixels does not count.
  Tensor other = x.clone();
  other.narrow(3, 0, 3).zero_();
  EXPECT_TRUE(torch::equal(absolute.score(other), absolute.score(x)));
}

TEST(Strokes, RefuseAnEmptyPainting) {
  EXPECT_THROW(strokes(torch::zeros({1, 3, 4, 4}), torch::zeros({1, 1, 4, 4})), Error);
  EXPECT_THROW(strokes(torch::zeros({1, 3, 4, 4}), torch::zeros({1, 3, 4, 4})), Error);
  EXPECT_THROW(strokes(torch::zeros({1, 3, 4, 4}), torch::ones({1, 1, 4, 4}), 0), Error);
}

}  // namespace
}  // namespace steer

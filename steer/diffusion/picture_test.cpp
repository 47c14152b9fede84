#include "steer/diffusion/picture.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

TEST(Picture, IsDarkestWhereTheDensityIsHighest) {
  const Tensor picture = density_picture(gaussian(doubles({0.5, 0.5}), 0.1), 0, 64, 1);
  EXPECT_EQ(picture.sizes(), at::IntArrayRef({3, 64, 64}));
  EXPECT_GE(picture.min().item<float>(), -1);
  EXPECT_LE(picture.max().item<float>(), 1);
  // y points upwards: the dark place is at the upper right.
  const int64_t darkest = picture[0].argmin().item<int64_t>();
  EXPECT_NEAR(static_cast<double>(darkest / 64), 16, 1.5);
  EXPECT_NEAR(static_cast<double>(darkest % 64), 48, 1.5);
}

TEST(Picture, PathsArePaintedAlongTheirWholeLength) {
  const Tensor paper = at::ones({3, 32, 32});
  const Tensor path = doubles({-0.5, 0, 0.5, 0}).view({2, 1, 2});
  const Tensor painted = with_paths(paper, path, 1, {-1, 0, 0.5});
  EXPECT_TRUE((painted[0][16].slice(0, 8, 25) == -1).all().item<bool>());
  EXPECT_EQ(painted[0][16][4].item<float>(), 1);
  EXPECT_EQ(painted[0][15][24].item<float>(), -1);
  // What leaves the picture does no harm.
  EXPECT_NO_THROW(with_paths(paper, 1000 * path, 1, {-1, 0, 0.5}));
  EXPECT_THROW(with_paths(paper, path, 1, {0}), Error);
}

}  // namespace
}  // namespace steer

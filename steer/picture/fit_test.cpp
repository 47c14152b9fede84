#include "steer/picture/fit.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

Tensor filled(int64_t height, int64_t width, int value) {
  return torch::full({2, 3, height, width}, value, torch::kUInt8);
}

TEST(Fit, PadCentresOnBlack) {
  const Tensor out = fitted(filled(4, 2, 200), 6, "pad");
  ASSERT_EQ(shape_text(out.sizes()), "[2, 3, 6, 6]");
  EXPECT_TRUE(torch::equal(out.narrow(2, 1, 4).narrow(3, 2, 2), filled(4, 2, 200)));
  EXPECT_EQ(out.to(torch::kInt64).sum().item<int64_t>(), 2 * 3 * 4 * 2 * 200);
}

TEST(Fit, PadShrinksBothSidesAlike) {
  const Tensor out = fitted(filled(16, 8, 100), 8, "pad");
  EXPECT_EQ(out.to(torch::kInt64).sum().item<int64_t>(), 2 * 3 * 8 * 4 * 100);
}

TEST(Fit, ResizeAveragesAndInterpolates) {
  const Tensor ramp = (torch::arange(4) * 40).to(torch::kUInt8).view({1, 1, 1, 4}).expand({1, 1, 4, 4});
  const Tensor half = fitted(ramp, 2, "resize");
  EXPECT_EQ(half[0][0][0][0].item<int>(), 20);
  EXPECT_EQ(half[0][0][1][1].item<int>(), 100);
  const Tensor wider = fitted(ramp, 6, "resize");
  EXPECT_EQ(wider[0][0][3][0].item<int>(), 0);
  EXPECT_EQ(wider[0][0][3][1].item<int>(), 20);
  EXPECT_EQ(wider[0][0][3][5].item<int>(), 120);
}

TEST(Fit, PixelArtThatGrowsByAWholeFactorKeepsItsSquares) {
  torch::manual_seed(4);
  const Tensor palette = torch::randint(0, 256, {5, 3}, torch::kUInt8);
  const Tensor art = palette.index_select(0, torch::randint(0, 5, {64})).t().reshape({1, 3, 8, 8});
  // Nearly as many colours as pixels: a photograph, in the same batch.
  const Tensor photo = torch::randint(0, 256, {1, 3, 12, 12}, torch::kUInt8);
  const Tensor both = torch::cat({at::constant_pad_nd(art, {2, 2, 2, 2}), photo});
  const Tensor grown = fitted(both, 48, "resize");
  const Tensor squares = art.repeat_interleave(4, 2).repeat_interleave(4, 3);
  EXPECT_TRUE(torch::equal(grown.narrow(0, 0, 1), at::constant_pad_nd(squares, {8, 8, 8, 8})));
  EXPECT_TRUE(torch::equal(grown.narrow(0, 1, 1), fitted(photo, 48, "resize")));
  EXPECT_FALSE(torch::equal(grown.narrow(0, 1, 1), photo.repeat_interleave(4, 2).repeat_interleave(4, 3)));
  const Tensor tiny = torch::randint(0, 256, {1, 3, 8, 8}, torch::kUInt8);  // 64 colours in as many pixels
  EXPECT_FALSE(
      torch::equal(fitted(tiny, 16, "resize"), tiny.repeat_interleave(2, 2).repeat_interleave(2, 3)));
  EXPECT_TRUE(torch::equal(fitted_exactly(art, 16, 24, "resize").to(torch::kUInt8),
                           art.repeat_interleave(2, 2).repeat_interleave(3, 3)));
  // And back again, whatever grew.
  EXPECT_TRUE(torch::equal(fitted(squares, 8, "resize"), art));
}

TEST(Fit, CropTakesTheCentre) {
  Tensor wide = filled(4, 8, 0).clone();
  wide.narrow(3, 2, 4).fill_(90);
  EXPECT_TRUE(torch::equal(fitted(wide, 4, "crop"), filled(4, 4, 90)));
}

TEST(Fit, EveryWayGivesTheSizeForEveryShape) {
  for (const char* fit : {"pad", "resize", "crop"})
    for (int64_t height : {1, 7, 33})
      for (int64_t width : {1, 8, 40}) {
        const Tensor out = fitted(filled(height, width, 77), 8, fit);
        EXPECT_EQ(shape_text(out.sizes()), "[2, 3, 8, 8]") << fit << height << " x " << width;
        EXPECT_EQ(out.max().item<int>(), 77);
      }
}

TEST(Fit, ExactlyTakesAnyShapeAndDoesNotRound) {
  const Tensor ramp = torch::arange(16).to(torch::kUInt8).view({1, 1, 4, 4});
  EXPECT_TRUE(torch::equal(fitted_exactly(ramp, 2, 1, "resize").flatten(), torch::tensor({3.5f, 11.5f})));
  // The middle two of four columns, twice as high as wide.
  EXPECT_TRUE(torch::equal(fitted_exactly(ramp, 2, 1, "crop").flatten(), torch::tensor({3.5f, 11.5f})));
  EXPECT_TRUE(torch::equal(fitted_exactly(ramp, 4, 2, "crop").flatten(),
                           torch::tensor({1.0f, 2.0f, 5.0f, 6.0f, 9.0f, 10.0f, 13.0f, 14.0f})));
  const Tensor padded = fitted_exactly(ramp, 2, 4, "pad");
  EXPECT_TRUE(torch::equal(padded.select(3, 0), torch::zeros({1, 1, 2})));
  EXPECT_TRUE(torch::equal(padded[0][0][0], torch::tensor({0.0f, 2.5f, 4.5f, 0.0f})));
}

TEST(Fit, GreyWeighsTheColours) {
  Tensor colours = torch::zeros({1, 3, 1, 1}, torch::kUInt8);
  colours[0][1] = 255;
  EXPECT_EQ(with_channels(colours, 1).item<int>(), 150);
  EXPECT_TRUE(torch::equal(with_channels(filled(2, 2, 9).narrow(1, 0, 1), 3), filled(2, 2, 9)));
}

TEST(Fit, UnknownWaysAreRefused) {
  EXPECT_THROW(fitted(filled(2, 2, 0), 4, "stretch"), Error);
  EXPECT_THROW(with_channels(filled(2, 2, 0), 2), Error);
}

}  // namespace
}  // namespace steer

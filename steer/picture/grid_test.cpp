#include "steer/picture/grid.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

TEST(ImageGrid, PlacesImagesRowByRow) {
  Tensor images = torch::zeros({3, 1, 2, 2});
  images[2].fill_(0.5);
  const Tensor grid = image_grid(images, 2, 1);
  ASSERT_EQ(shape_text(grid.sizes()), "[1, 7, 7]");
  EXPECT_FLOAT_EQ(grid[0][4][1].item<float>(), 0.5f);
  EXPECT_FLOAT_EQ(grid[0][4][4].item<float>(), 1.0f);
  EXPECT_FLOAT_EQ(grid[0][0][0].item<float>(), 1.0f);
}

TEST(StackedGrid, PutsSourcesBelowEachOtherBlockByBlock) {
  const Tensor first = torch::full({3, 1, 2, 2}, -1.0f), second = torch::full({3, 1, 2, 2}, 0.0f);
  const Tensor grid = stacked_grid({first, second}, 2);
  ASSERT_EQ(shape_text(grid.sizes()), "[1, 18, 10]");
  EXPECT_FLOAT_EQ(grid[0][2][6].item<float>(), -1);
  EXPECT_FLOAT_EQ(grid[0][6][6].item<float>(), 0);
  EXPECT_FLOAT_EQ(grid[0][10][2].item<float>(), -1);
  EXPECT_FLOAT_EQ(grid[0][14][6].item<float>(), 1);  // nothing there
}

TEST(Enlarged, EveryPixelBecomesASquare) {
  const Tensor small = torch::tensor({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}).view({1, 2, 3});
  const Tensor large = enlarged(small, 2);
  ASSERT_EQ(shape_text(large.sizes()), "[1, 4, 6]");
  for (int64_t row : {0, 1})
    EXPECT_TRUE(torch::equal(large[0][row], torch::tensor({1.0f, 1.0f, 2.0f, 2.0f, 3.0f, 3.0f})));
  EXPECT_TRUE(torch::equal(large[0][2], torch::tensor({4.0f, 4.0f, 5.0f, 5.0f, 6.0f, 6.0f})));
}

TEST(Enlarged, EveryZoomAndNumberTypeKeepsThePixels) {
  const Tensor picture = torch::rand({3, 5, 4});
  for (int64_t zoom : {1, 3, 64})
    for (const Tensor& each : {picture, to_bytes(picture), picture.transpose(1, 2)}) {
      const Tensor large = enlarged(each, zoom);
      EXPECT_EQ(large.scalar_type(), each.scalar_type());
      EXPECT_TRUE(torch::equal(large, each.repeat_interleave(zoom, 1).repeat_interleave(zoom, 2)));
    }
}

TEST(Enlarged, OtherShapesAndZoomsAreRefused) {
  EXPECT_EQ(refusal([] {
              enlarged(torch::zeros({2, 2}), 2);
            }),
            "[enlarged] expected a picture [C, H, W] but got [2, 2]");
  for (int64_t zoom : {-1, 0, 65})
    EXPECT_EQ(refusal([&] {
                enlarged(torch::zeros({1, 2, 2}), zoom);
              }),
              "[enlarged] expected a zoom of 1 to 64 but got " + std::to_string(zoom));
}

}  // namespace
}  // namespace steer

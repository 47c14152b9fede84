#include "steer/core/tensors.h"

#include <gtest/gtest.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(AreaResize, AveragesWhenShrinkingAndRepeatsWhenGrowing) {
  const Tensor small = torch::tensor({1.0f, 2.0f, 3.0f, 4.0f}).view({1, 1, 2, 2});
  EXPECT_FLOAT_EQ(area_resize(small, 1, 1).item<float>(), 2.5f);
  const Tensor large = area_resize(small, 4, 4);
  EXPECT_TRUE(torch::equal(large[0][0][0], torch::tensor({1.0f, 1.0f, 2.0f, 2.0f})));
  EXPECT_TRUE(torch::equal(area_resize(large, 2, 2), small));
}

TEST(AreaResize, KeepsTheMeanForSizesThatDivide) {
  const Tensor images = torch::rand({2, 3, 12, 12});
  EXPECT_TRUE(torch::allclose(area_resize(images, 4, 4).mean({2, 3}), images.mean({2, 3}), 1e-5, 1e-6));
}

TEST(Bytes, RoundTripEveryByte) {
  const Tensor bytes = torch::arange(256).to(torch::kUInt8);
  EXPECT_TRUE(torch::equal(to_bytes(from_bytes(bytes)), bytes));
  EXPECT_EQ(to_bytes(torch::tensor({-3.0f, 7.0f}))[1].item<int>(), 255);
}

}  // namespace
}  // namespace steer

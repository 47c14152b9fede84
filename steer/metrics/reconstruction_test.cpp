#include "steer/metrics/reconstruction.h"

#include <gtest/gtest.h>

namespace steer {
namespace {

TEST(Reconstruction, PsnrIsTakenOnARangeOfTwo) {
  EXPECT_NEAR(psnr(4), 0, 1e-12);
  EXPECT_NEAR(psnr(0.04), 20, 1e-12);
}

TEST(Reconstruction, MaskedErrorLooksAtTheMaskAlone) {
  const Tensor truth = torch::zeros({2, 3, 2, 2});
  Tensor images = torch::zeros({2, 3, 2, 2});
  images.select(3, 0).fill_(1);
  images[1].mul_(2);
  Tensor mask = torch::zeros({1, 1, 2, 2});
  mask.select(3, 0).fill_(1);
  EXPECT_TRUE(torch::allclose(masked_mse(images, truth, mask), torch::tensor({1.0, 4.0}, torch::kFloat64)));
  EXPECT_TRUE(torch::allclose(masked_mse(images, truth), torch::tensor({0.5, 2.0}, torch::kFloat64)));
}

TEST(Reconstruction, UsageCountsNodesAndBits) {
  const NodeUsage even = node_usage(torch::tensor({0, 1, 2, 3}, torch::kInt64), 8);
  EXPECT_EQ(even.used, 4);
  EXPECT_DOUBLE_EQ(even.entropy_bits, 2);
  EXPECT_DOUBLE_EQ(node_usage(torch::zeros({5}, torch::kInt64), 8).entropy_bits, 0);
}

}  // namespace
}  // namespace steer

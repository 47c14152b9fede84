#include "steer/nn/conv.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Conv, KeepsTheSizeAndTheNumberTypeOfItsInput) {
  Conv conv(ConvOptions{3, 5, 3});
  const Tensor x = torch::randn({2, 3, 6, 7});
  const Tensor full = conv->forward(x);
  EXPECT_EQ(full.sizes(), at::IntArrayRef({2, 5, 6, 7}));
  const Tensor half = conv->forward(x.to(torch::kBFloat16));
  EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::allclose(half.to(torch::kFloat32), full, 5e-2, 5e-2));
  EXPECT_THROW(Conv(ConvOptions{3, 5, 2}), Error);
}

TEST(Conv, OfLinesIsAlongTheWidthAlone) {
  ConvOptions options{3, 5, 7};
  options.line = true, options.stride = 4;
  Conv conv(options);
  EXPECT_EQ(conv->weight.sizes(), at::IntArrayRef({5, 3, 1, 7}));
  const Tensor x = torch::randn({2, 3, 2, 16}), y = conv->forward(x);
  EXPECT_EQ(y.sizes(), at::IntArrayRef({2, 5, 2, 4}));
  for (const int64_t row : {0, 1})
    EXPECT_TRUE(torch::allclose(y.select(2, row),
                                at::conv1d(x.select(2, row), conv->weight.squeeze(2), conv->bias, 4, 3), 1e-5,
                                1e-5));
}

TEST(Conv, StartsInsideTheXavierBound) {
  Conv conv(ConvOptions{8, 24, 3});
  const double bound = std::sqrt(6.0 / (9 * 32));
  EXPECT_LE(conv->weight.abs().max().item<double>(), bound);
  EXPECT_GT(conv->weight.abs().max().item<double>(), 0.95 * bound);
  EXPECT_EQ(conv->bias.abs().max().item<double>(), 0);
}

TEST(GroupNormSilu, NormalisesEachGroupThenAppliesSilu) {
  GroupNormSilu norm(8);
  EXPECT_EQ(norm->groups, 2);
  const Tensor x = torch::randn({3, 8, 5, 5}) * 4 + 2;
  const Tensor grouped = x.view({3, 2, -1});
  const Tensor standard = (grouped - grouped.mean(-1, true)) / grouped.var(-1, false, true).add(1e-6).sqrt();
  EXPECT_TRUE(torch::allclose(norm->forward(x), torch::silu(standard.view_as(x)), 1e-4, 1e-5));
}

}  // namespace
}  // namespace steer

#include "steer/nn/transposed_conv.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace steer {
namespace {

TEST(TransposedConv, EqualsTheLibrarysInFloat32WithItsGradients) {
  torch::manual_seed(8);
  for (const int64_t kernel : {2, 4, 3}) {
    const Tensor values = torch::randn({3, 8, 5, 4}), w = torch::randn({8, 6, kernel, kernel}),
                 b = torch::randn({6});
    const int64_t stride = kernel == 3 ? 1 : 2, padding = kernel == 2 ? 0 : 1;
    std::vector<std::vector<Tensor>> results;
    for (const bool own : {true, false}) {
      const Tensor x = values.clone().requires_grad_(), weight = w.clone().requires_grad_(),
                   bias = b.clone().requires_grad_();
      const Tensor y = own ? transposed_conv(x, weight, bias, stride, padding)
                           : at::conv_transpose2d(x, weight, bias, stride, padding);
      y.sin().sum().backward();
      results.push_back({y.detach(), x.grad(), weight.grad(), bias.grad()});
    }
    for (size_t i = 0; i < 4; ++i)
      EXPECT_TRUE(torch::allclose(results[0][i], results[1][i], 1e-4, 1e-4))
          << "kernel " << kernel << ", " << i;
  }
}

TEST(TransposedConv, BFloat16StaysNearFloat32) {
  torch::manual_seed(9);
  const Tensor values = torch::randn({2, 32, 4, 4}), w = torch::randn({32, 16, 4, 4}) / 16,
               b = torch::randn({16});
  std::vector<Tensor> results, gradients;
  for (auto type : {torch::kFloat32, torch::kBFloat16}) {
    const Tensor x = values.clone().to(type).requires_grad_(), weight = w.clone().requires_grad_();
    const Tensor y = transposed_conv(x, weight, b, 2, 1);
    EXPECT_EQ(y.scalar_type(), type);
    y.square().sum().backward();
    results.push_back(y.detach().to(torch::kFloat32));
    gradients.push_back(weight.grad());
  }
  EXPECT_LT((results[0] - results[1]).norm().item<double>(), 0.02 * results[0].norm().item<double>());
  EXPECT_LT((gradients[0] - gradients[1]).norm().item<double>(), 0.02 * gradients[0].norm().item<double>());
}

}  // namespace
}  // namespace steer

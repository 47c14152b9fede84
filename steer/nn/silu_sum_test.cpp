#include "steer/nn/silu_sum.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(SiluSum, FusedEqualsPlainForwardAndBackward) {
  torch::manual_seed(3);
  for (const size_t terms : {1, 2, 3})
    for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
      for (auto type : {torch::kFloat32, torch::kBFloat16}) {
        std::vector<Tensor> values;
        for (size_t t = 0; t < terms; ++t)
          values.push_back((torch::randn({3, 5, 7, 2}) * 4).to(type).contiguous(layout));
        const Tensor pull = torch::randn({3, 5, 7, 2});
        std::vector<std::vector<Tensor>> results;
        for (auto* way : {silu_sum, silu_sum_plain}) {
          std::vector<Tensor> x;
          for (const Tensor& value : values) x.push_back(value.clone().requires_grad_());
          const Tensor y = way(x);
          EXPECT_EQ(y.scalar_type(), type);
          (y * pull).sum().backward();
          results.push_back({y.detach()});
          for (const Tensor& each : x) results.back().push_back(each.grad());
        }
        const double near = type == torch::kFloat32 ? 1e-5 : 0.02;
        for (size_t i = 0; i < results[0].size(); ++i)
          EXPECT_TRUE(torch::allclose(results[0][i].to(torch::kFloat32), results[1][i].to(torch::kFloat32),
                                      near, near))
              << terms << " terms, result " << i;
      }
}

TEST(SiluSum, TooManyTermsAreRefused) {
  EXPECT_THROW(silu_sum({}), Error);
  EXPECT_THROW(silu_sum(std::vector<Tensor>(4, torch::ones({2}))), Error);
}

}  // namespace
}  // namespace steer

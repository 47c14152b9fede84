#include "steer/nn/group_norm_silu.h"

#include <gtest/gtest.h>

namespace steer {
namespace {

struct GroupNormCase {
  int64_t batch, channels, height, width, groups;
};

TEST(GroupNormSilu, FusedEqualsPlainForwardAndBackward) {
  torch::manual_seed(3);
  for (const GroupNormCase& c :
       {GroupNormCase{2, 32, 8, 8, 8}, GroupNormCase{3, 4, 5, 7, 1}, GroupNormCase{1, 48, 1, 1, 12},
        GroupNormCase{5, 6, 3, 1, 3}, GroupNormCase{2, 256, 2, 2, 32}}) {
    const Tensor values = (torch::randn({c.batch, c.channels, c.height, c.width}) * 2 + 0.5)
                              .contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor w = torch::randn({c.channels}), b = torch::randn({c.channels}),
                 pull = torch::randn_like(values);
    std::vector<std::vector<Tensor>> results;
    for (auto* way : {group_norm_silu, group_norm_silu_plain}) {
      const Tensor x = values.clone().requires_grad_(), weight = w.clone().requires_grad_(),
                   bias = b.clone().requires_grad_();
      const Tensor y = way(x, weight, bias, c.groups, 1e-6, {});
      (y * pull).sum().backward();
      results.push_back({y.detach(), x.grad(), weight.grad(), bias.grad()});
    }
    for (size_t i = 0; i < 4; ++i)
      EXPECT_TRUE(torch::allclose(results[0][i], results[1][i], 2e-4, 2e-4))
          << "result " << i << ", channels " << c.channels;
  }
}

TEST(GroupNormSilu, FusedEqualsPlainWithOffsetsAndWithAnAffineMapOfEachImage) {
  torch::manual_seed(6);
  for (const GroupNormCase& c :
       {GroupNormCase{2, 32, 8, 8, 8}, GroupNormCase{3, 4, 5, 7, 1}, GroupNormCase{5, 6, 3, 1, 3}})
    for (const bool own : {false, true}) {
      const Tensor values =
          torch::randn({c.batch, c.channels, c.height, c.width}).contiguous(at::MemoryFormat::ChannelsLast);
      const auto parameters = own ? torch::randn({c.batch, c.channels}) : torch::randn({c.channels});
      const Tensor b = torch::randn_like(parameters), t = torch::randn({c.batch, c.channels}) * 2,
                   pull = torch::randn_like(values);
      std::vector<std::vector<Tensor>> results;
      for (auto* way : {group_norm_silu, group_norm_silu_plain}) {
        const Tensor x = values.clone().requires_grad_(), weight = parameters.clone().requires_grad_(),
                     bias = b.clone().requires_grad_(), offset = t.clone().requires_grad_();
        const Tensor y = way(x, weight, bias, c.groups, 1e-6, offset);
        (y * pull).sum().backward();
        results.push_back({y.detach(), x.grad(), weight.grad(), bias.grad(), offset.grad()});
      }
      for (size_t i = 0; i < 5; ++i)
        EXPECT_TRUE(torch::allclose(results[0][i], results[1][i], 2e-4, 2e-4))
            << "result " << i << ", channels " << c.channels << ", own " << own;
    }
}

TEST(GroupNormSilu, BFloat16StaysNearFloat32) {
  torch::manual_seed(4);
  const Tensor x = torch::randn({4, 32, 6, 6}).contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor w = torch::ones({32}), b = torch::zeros({32});
  const Tensor full = group_norm_silu(x, w, b, 8, 1e-6);
  const Tensor half = group_norm_silu(x.to(torch::kBFloat16), w, b, 8, 1e-6);
  EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
  EXPECT_LT((half.to(torch::kFloat32) - full).abs().max().item<double>(), 0.03);
}

TEST(GroupNormSilu, DoesNotDependOnTheBatchOrTheThreads) {
  torch::manual_seed(5);
  const Tensor x = torch::randn({6, 16, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor w = torch::randn({16}), b = torch::randn({16});
  const Tensor all = group_norm_silu(x, w, b, 4, 1e-6);
  EXPECT_TRUE(torch::equal(all.narrow(0, 2, 1), group_norm_silu(x.narrow(0, 2, 1), w, b, 4, 1e-6)));
  at::set_num_threads(1);
  EXPECT_TRUE(torch::equal(all, group_norm_silu(x, w, b, 4, 1e-6)));
  at::set_num_threads(2);
}

}  // namespace
}  // namespace steer

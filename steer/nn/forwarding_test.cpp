#include "steer/nn/forwarding.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/nn/recompute.h"

namespace steer {
namespace {

Tensor global_state() {
  return at::globalContext().defaultGenerator(torch::kCPU).get_state();
}

TEST(Forwarding, PartsHaveSeedsOfTheirOwn) {
  const DropoutSeed seed = 5;
  EXPECT_FALSE(seed_of_part({}, 3).has_value());
  EXPECT_EQ(seed_of_part(seed, 3), seed_of_part(seed, 3));
  EXPECT_NE(seed_of_part(seed, 3), seed_of_part(seed, 4));
  EXPECT_NE(seed_of_part(seed, 3), seed_of_part(DropoutSeed(6), 3));
}

TEST(Dropout, IsAFunctionOfItsSeed) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    const Tensor x = (torch::rand({4, 8, 6, 6}) + 1).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor before = global_state(), once = with_dropout(x, 0.3, 7);
    EXPECT_EQ(once.scalar_type(), type);
    EXPECT_TRUE(torch::equal(once, with_dropout(x, 0.3, 7)));
    EXPECT_FALSE(torch::equal(once, with_dropout(x, 0.3, 8)));
    EXPECT_TRUE(torch::equal(global_state(), before));
    EXPECT_TRUE(with_dropout(x, 0, 7).is_same(x));
    EXPECT_TRUE(with_dropout(x, 0.3, {}).is_same(x));
  }
}

TEST(Dropout, DropsItsShareAndKeepsTheMean) {
  const Tensor x = torch::ones({1000, 100}).requires_grad_();
  const Tensor y = with_dropout(x, 0.25, 1);
  EXPECT_NEAR(y.eq(0).to(torch::kFloat32).mean().item<double>(), 0.25, 0.005);
  EXPECT_TRUE(torch::allclose(y.masked_select(y != 0), torch::full({1}, 1 / 0.75f)));
  y.sum().backward();
  EXPECT_TRUE(torch::equal(x.grad(), y.detach()));
}

TEST(Dropout, IsMadeTwiceAlike) {
  const Tensor w = torch::rand({6, 6});
  std::vector<Tensor> gradients;
  for (const bool again : {false, true}) {
    const Tensor weight = w.clone().requires_grad_(), x = torch::ones({40, 6});
    const Recomputable f = [&](const std::vector<Tensor>& in) {
      return with_dropout(at::mm(in[0], weight), 0.5, 3);
    };
    (again ? recomputed(f, {x}) : f({x})).square().sum().backward();
    gradients.push_back(weight.grad());
  }
  EXPECT_TRUE(torch::equal(gradients[0], gradients[1]));
}

}  // namespace
}  // namespace steer

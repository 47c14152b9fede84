#include "steer/nn/attention.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

AttentionOptions some_options(int64_t head_dim) {
  AttentionOptions options;
  options.channels = 8, options.head_dim = head_dim, options.groups = 4;
  return options;
}

TEST(Attention, EqualsTheSumOverPositionsHeadByHead) {
  torch::manual_seed(1);
  for (const int64_t head_dim : {0, 2, 8}) {
    AttentionOptions options = some_options(head_dim);
    options.scale = 1.5;
    Attention attention(options);
    const int64_t d = head_dim == 0 ? 8 : head_dim;
    const Tensor x = torch::randn({2, 8, 3, 2}).contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor rows = at::group_norm(x.contiguous(), 4, {}, {}, 1e-5).flatten(2).transpose(1, 2);
    const Tensor q = at::linear(rows, attention->to_q->weight), k = at::linear(rows, attention->to_k->weight),
                 v = at::linear(rows, attention->to_v->weight);
    Tensor seen = torch::zeros({2, 6, 8});
    for (int64_t h = 0; h < 8; h += d)
      for (int64_t i = 0; i < 6; ++i) {
        const Tensor score = (q.narrow(2, h, d).narrow(1, i, 1) * k.narrow(2, h, d)).sum(-1) /
                             std::sqrt(static_cast<double>(d));
        seen.narrow(2, h, d).select(1, i).copy_(
            (score.softmax(1).unsqueeze(-1) * v.narrow(2, h, d)).sum(1).detach());
      }
    const Tensor out = at::linear(seen, attention->to_out->ptr<ProjectionImpl>(0)->weight);
    const Tensor expected = (x + out.transpose(1, 2).view({2, 8, 3, 2})) / 1.5;
    EXPECT_TRUE(torch::allclose(attention->forward(x), expected, 1e-5, 1e-5)) << "head of " << head_dim;
    // Other memory formats give the same.
    EXPECT_TRUE(torch::allclose(attention->forward(x.contiguous()), expected, 1e-5, 1e-5));
  }
}

TEST(Attention, FollowsItsInputWhenPositionsChangePlaces) {
  torch::manual_seed(2);
  Attention attention(some_options(4));
  const Tensor x = torch::randn({1, 8, 4, 4});
  EXPECT_TRUE(torch::allclose(attention->forward(x.flip(3)), attention->forward(x).flip(3), 1e-5, 1e-5));
}

TEST(Attention, StartsAsTheIdentityWhereAskedAndStaysNearInBFloat16) {
  torch::manual_seed(3);
  AttentionOptions options = some_options(0);
  const Tensor x = torch::randn({2, 8, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  Attention attention(options);
  const Tensor half = attention->forward(x.to(torch::kBFloat16));
  EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
  EXPECT_LT((half.to(torch::kFloat32) - attention->forward(x)).abs().max().item<double>(), 0.06);
  options.zero_init = true;
  EXPECT_TRUE(torch::equal(Attention(options)->forward(x), x));
}

TEST(Attention, RefusesHeadsAndGroupsThatDoNotDivideTheChannels) {
  EXPECT_THROW(Attention(some_options(3)), Error);
  AttentionOptions options = some_options(4);
  options.groups = 3;
  EXPECT_THROW(Attention{options}, Error);
}

}  // namespace
}  // namespace steer

#include "steer/discrete/relaxation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/nn/embedding.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

const auto kWide = at::TensorOptions().dtype(torch::kFloat64);

TEST(Relaxation, StraightThroughIsTheHardTokenWithTheSoftGradient) {
  torch::manual_seed(1);
  const Tensor weight = at::randn({4, 5}, kWide);
  Tensor logits = at::randn({4, 5}, kWide).requires_grad_();
  const Tensor hard = straight_through(logits);
  EXPECT_TRUE(at::equal(hard, one_hot_tokens(logits.argmax(-1), 5, torch::kFloat64)));
  (hard * weight).sum().backward();
  const Tensor gradient = logits.grad().clone();
  logits.mutable_grad() = Tensor();
  (logits.softmax(-1) * weight).sum().backward();
  EXPECT_TRUE(at::allclose(gradient, logits.grad(), 1e-12, 1e-12));
}

TEST(Relaxation, HardGumbelDrawsFollowSoftmax) {
  constexpr int64_t kDraws = 200000;
  const Tensor logits = at::tensor({0.0, 1.0, -2.0, 0.5}, kWide), p = logits.softmax(-1);
  const Tensor u = fine_uniform_rows(sample_seeds(0, kDraws), 1, {4});
  for (const double temperature : {0.1, 1.0}) {
    const Tensor drawn = gumbel_softmax(logits.expand({kDraws, 4}), u, temperature, true);
    EXPECT_TRUE(at::equal(drawn.sum(-1), at::ones({kDraws}, kWide)));
    for (int64_t i = 0; i < 4; ++i) {
      const double expected = p[i].item<double>();
      EXPECT_NEAR(drawn.select(1, i).mean().item<double>(), expected,
                  4 * std::sqrt(expected * (1 - expected) / kDraws));
    }
  }
}

TEST(Relaxation, SoftGumbelDrawsHaveTheirOwnGradient) {
  torch::manual_seed(2);
  const Tensor u = at::rand({3, 4}, kWide), weight = at::randn({3, 4}, kWide);
  Tensor logits = at::randn({3, 4}, kWide).requires_grad_();
  const auto value = [&](const Tensor& at) { return (gumbel_softmax(at, u, 0.7, false) * weight).sum(); };
  value(logits).backward();
  constexpr double kStep = 1e-6;
  for (int64_t i = 0; i < 4; ++i) {
    Tensor shift = at::zeros({3, 4}, kWide);
    shift[1][i] = kStep;
    const Tensor plain = logits.detach();
    const double slope = (value(plain + shift) - value(plain - shift)).item<double>() / (2 * kStep);
    EXPECT_NEAR(logits.grad()[1][i].item<double>(), slope, 1e-7);
  }
}

TEST(Relaxation, AZeroAmongTheDrawsIsNoInfinity) {
  const Tensor made = gumbel_softmax(at::zeros({2}, torch::kFloat32), at::zeros({2}, kWide), 0.5, false);
  EXPECT_TRUE(made.isfinite().all().item<bool>());
  EXPECT_EQ(made.scalar_type(), torch::kFloat32);
  EXPECT_EQ(refusal([] { gumbel_softmax(at::zeros({2}), at::zeros({2}), 0, true); }),
            "[gumbel_softmax] expected a temperature above 0 but got 0");
}

TEST(Relaxation, EmbeddingsOfOneHotRowsAreThoseOfTokens) {
  torch::manual_seed(3);
  const Tensor table = at::randn({5, 2}), token = at::tensor({4, 0, 2}, torch::kInt64).view({1, 3});
  EXPECT_TRUE(at::equal(embedded_tokens(one_hot_tokens(token, 5), table), embedded_tokens(token, table)));
  EXPECT_NE(refusal([&] {
              embedded_tokens(at::zeros({1, 3, 4}), table);
            }).find("probabilities of 5 tokens but got 4"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

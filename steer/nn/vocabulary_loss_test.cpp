#include "steer/nn/vocabulary_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

struct Case {
  VocabularyRows rows;
  Tensor W, b;
};

Case made_case(int64_t rows, int64_t vocabulary, bool biased) {
  torch::manual_seed(3);
  Case c;
  c.rows = {torch::randn({rows, 16}), torch::randint(0, vocabulary, {rows}, torch::kInt64),
            torch::rand({rows})};
  c.W = torch::randn({vocabulary, 16}) * 0.3;
  if (biased) c.b = torch::randn({vocabulary});
  for (Tensor* t : {&c.rows.features, &c.W, &c.b})
    if (t->defined()) t->set_requires_grad(true);
  return c;
}

TEST(VocabularyLoss, IsWeightedCrossEntropyWithItsGradients) {
  for (const bool biased : {false, true})
    // Some rows at once, and so many words that the rows go in several parts.
    for (const int64_t vocabulary : {7, 400000}) {
      Case c = made_case(13, vocabulary, biased);
      const VocabularyLoss loss = vocabulary_loss(c.rows, c.W, c.b, torch::kFloat32);
      const Tensor plain = torch::nn::functional::cross_entropy(
          at::linear(c.rows.features, c.W, c.b), c.rows.target,
          torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
      EXPECT_TRUE(torch::allclose(loss.each, plain, 1e-4, 1e-4));
      std::vector<Tensor> to = {c.rows.features, c.W};
      if (biased) to.push_back(c.b);
      const auto ours = torch::autograd::grad({loss.sum * 3}, to);
      const auto theirs = torch::autograd::grad({(plain * c.rows.weight).sum() * 3}, to);
      for (size_t i = 0; i < to.size(); ++i)
        EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-3, 1e-5)) << i;
    }
}

TEST(VocabularyLoss, OfNoRowsIsZero) {
  Case c = made_case(0, 7, true);
  const VocabularyLoss loss = vocabulary_loss(c.rows, c.W, c.b, torch::kFloat32);
  EXPECT_EQ(loss.sum.item<double>(), 0);
  EXPECT_EQ(loss.each.numel(), 0);
  loss.sum.backward();
  EXPECT_EQ(c.W.grad().abs().max().item<double>(), 0);
}

TEST(VocabularyLoss, RefusesShapesThatDoNotFit) {
  Case c = made_case(3, 7, true);
  c.rows.target = c.rows.target.narrow(0, 0, 2);
  EXPECT_NE(refusal([&] {
              vocabulary_loss(c.rows, c.W, c.b, torch::kFloat32);
            }).find("[3, 16], [2], [3] and [7, 16]"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

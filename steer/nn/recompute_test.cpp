#include "steer/nn/recompute.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace steer {
namespace {

TEST(Recompute, GradientsAreThoseOfTheFunctionItself) {
  torch::manual_seed(3);
  const Tensor w = torch::randn({5, 5});
  std::vector<std::vector<Tensor>> results;
  for (const bool again : {false, true}) {
    const Tensor weight = w.clone().requires_grad_(), x = torch::ones({2, 5}).requires_grad_(),
                 fixed = torch::full({2, 5}, 0.5);
    int runs = 0;
    const Recomputable f = [&](const std::vector<Tensor>& in) {
      ++runs;
      EXPECT_FALSE(in[1].defined());
      return at::tanh(at::mm(in[0], weight) * in[2]);
    };
    Tensor y = x;
    for (int i = 0; i < 3; ++i) y = again ? recomputed(f, {y, Tensor(), fixed}) : f({y, Tensor(), fixed});
    y.square().sum().backward();
    EXPECT_EQ(runs, again ? 6 : 3);
    results.push_back({y.detach(), weight.grad(), x.grad()});
  }
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_TRUE(torch::equal(results[0][i], results[1][i]));
}

TEST(Recompute, ParametersGetGradientsWhereNoInputWantsOne) {
  const Tensor weight = torch::full({3}, 2.0).requires_grad_(), x = torch::ones({3});
  recomputed([&](const std::vector<Tensor>& in) { return in[0] * weight; }, {x}).sum().backward();
  EXPECT_TRUE(torch::equal(weight.grad(), x));
}

TEST(Recompute, WithoutGradientsItRunsOnce) {
  torch::NoGradGuard no_grad;
  int runs = 0;
  const Tensor weight = torch::ones({3}).requires_grad_();
  const Tensor y = recomputed(
      [&](const std::vector<Tensor>& in) {
        ++runs;
        return in[0] * weight;
      },
      {torch::ones({3})});
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(y.requires_grad());
}

}  // namespace
}  // namespace steer

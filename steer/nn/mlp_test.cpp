#include "steer/nn/mlp.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/nn/module_tensors.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

MlpOptions small(int64_t classes = 0) {
  MlpOptions options;
  options.width = 32, options.blocks = 3, options.num_class_embeds = classes;
  return options;
}

// With weights that make every part matter.
Mlp awake(const MlpOptions& options) {
  torch::manual_seed(5);
  Mlp network(options);
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : network->parameters()) parameter.normal_(0, 0.2);
  network->eval();
  return network;
}

TEST(Mlp, StartsAtZeroAndGivesTheShapeOfItsInput) {
  Mlp network(small());
  const Tensor y = network->forward(torch::randn({5, 2}), torch::rand({5}));
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{5, 2}));
  EXPECT_EQ(y.abs().max().item<double>(), 0);
}

TEST(Mlp, ARowDependsOnItselfAlone) {
  const Mlp network = awake(small(3));
  const Tensor x = torch::randn({37, 2}), label = torch::rand({37}) * 100, classes = torch::arange(37) % 3;
  const Tensor all = network->forward(x, label, classes);
  // Up to rounding: a BLAS may sum a single row in another order than many.
  for (const int64_t i : {0, 16, 36})
    EXPECT_TRUE(torch::allclose(
        network->forward(x.narrow(0, i, 1), label.narrow(0, i, 1), classes.narrow(0, i, 1))[0], all[i], 1e-5,
        1e-5));
  EXPECT_FALSE(torch::allclose(network->forward(x, label, (classes + 1) % 3), all));
  EXPECT_FALSE(torch::allclose(network->forward(x, label + 1, classes), all));
}

TEST(Mlp, RecomputedGradientsAreTheSame) {
  const Tensor x = torch::randn({8, 2}), label = torch::rand({8}) * 9;
  std::vector<Tensor> gradients;
  for (const bool recompute : {false, true}) {
    Mlp network = awake(small());
    network->set_recompute(recompute);
    network->forward(x, label).square().sum().backward();
    gradients.push_back(network->linear_in->weight.grad());
  }
  EXPECT_TRUE(torch::allclose(gradients[0], gradients[1]));
}

TEST(Mlp, DropsActivationsByTheSeedAlone) {
  MlpOptions options = small();
  options.dropout = 0.5;
  Mlp network = awake(options);
  const Tensor x = torch::randn({8, 2}), label = torch::rand({8});
  const auto told = [&](uint64_t seed) { return network->forward(x, label, {}, {seed, {}}); };
  EXPECT_TRUE(torch::equal(network->forward(x, label), network->forward(x, label)));
  EXPECT_TRUE(torch::equal(told(1), told(1)));
  EXPECT_FALSE(torch::equal(told(1), told(2)));
  EXPECT_FALSE(torch::equal(told(1), network->forward(x, label)));
  const Tensor kept = told(1);
  network->set_recompute(true);
  EXPECT_TRUE(torch::equal(told(1), kept));
}

TEST(Mlp, RefusesWhatDoesNotFit) {
  Mlp network(small()), told(small(2));
  const Tensor x = torch::zeros({4, 2}), label = torch::zeros({4});
  EXPECT_THROW(network->forward(torch::zeros({4, 3}), label), Error);
  EXPECT_THROW(network->forward(x, torch::zeros({3})), Error);
  EXPECT_THROW(network->forward(x, label, torch::zeros({4}, torch::kInt64)), Error);
  EXPECT_THROW(told->forward(x, label), Error);
  EXPECT_THROW(told->forward(x, label, torch::full({4}, 2)), Error);
  MlpOptions odd;
  odd.width = 33;
  EXPECT_NE(refusal([&] { Mlp built(odd); }).find("mlp.width"), std::string::npos);
}

}  // namespace
}  // namespace steer

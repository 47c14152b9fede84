#include "steer/ddn/points_network.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/ddn/beam.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/loss.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

PointsNetworkOptions small_points() {
  PointsNetworkOptions options;
  options.width = 32, options.layers = 4, options.candidates = {8};
  return options;
}

ConditionOptions three_classes() {
  ConditionOptions condition;
  condition.type = "class", condition.classes = 3;
  return condition;
}

Tensor some_points(int64_t count) {
  torch::manual_seed(9);
  return torch::rand({count, 2, 1, 1}) * 2 - 1;
}

TEST(PointsNetwork, ItsShapesSayWhatItIs) {
  PointsNetworkOptions options = small_points();
  options.candidates = {4, 8, 8, 16};
  const PointsNetwork network(options);
  EXPECT_EQ(network.depth(), 4);
  EXPECT_EQ(network.image_size(), 1);
  EXPECT_EQ(network.latent_bits(), 2 + 3 + 3 + 4);
  EXPECT_EQ(network.shapes()[3].candidates, 16);
}

TEST(PointsNetwork, ARowDependsOnItselfAlone) {
  torch::manual_seed(2);
  const PointsNetwork network(small_points());
  const torch::NoGradGuard no_grad;
  const Tensor seeds = sample_seeds(1, 37);
  const Generated all = network.run(37, at_random(seeds));
  for (const int64_t i : {0, 20, 36}) {
    const Generated one = network.run(1, at_random(seeds.narrow(0, i, 1)));
    EXPECT_TRUE(torch::equal(one.code[0], all.code[i]));
    // libtorch 1.13 sums the normalised features of one row in another order than those of several.
    EXPECT_TRUE(torch::allclose(one.image[0], all.image[i], 1e-5, 1e-6));
  }
}

TEST(PointsNetwork, CodesLeadBackToTheirPoints) {
  torch::manual_seed(3);
  for (const bool residual : {false, true})
    for (const bool leak : {false, true}) {
      PointsNetworkOptions options = small_points();
      options.residual = residual, options.leak = leak;
      const PointsNetwork network(options);
      const torch::NoGradGuard no_grad;
      const Tensor x = some_points(12);
      const Generated near = network.run(12, nearest_to(x));
      EXPECT_TRUE(torch::equal(network.run(12, follow(near.code)).image, near.image));
      const Generated wide = network.run(12, beam_search(nearness_to(x), {12, 8, 1, 4}));
      EXPECT_LE((wide.image - x).square().sum().item<double>(),
                (near.image - x).square().sum().item<double>() + 1e-6);
    }
}

TEST(PointsNetwork, ListensToItsClass) {
  torch::manual_seed(4);
  const PointsNetwork network(small_points(), three_classes());
  const torch::NoGradGuard no_grad;
  const Tensor code = torch::randint(8, {6, 4}, torch::kInt64);
  const auto told = [&](const Tensor& label) {
    return network.run(6, follow(code), {}, make_condition(three_classes(), label, {})).image;
  };
  EXPECT_FALSE(torch::allclose(told(torch::full({6}, 1)), told(torch::full({6}, 2))));
  ConditionOptions edges;
  edges.type = "edge";
  EXPECT_NE(refusal([&] { PointsNetwork(small_points(), edges); }).find("none or class"), std::string::npos);
}

TEST(PointsNetwork, LearnsWhetherPrefixesAreSharedOrNot) {
  torch::manual_seed(6);
  PointsNetwork network(small_points());
  const Tensor x = some_points(64);
  const ReconstructionLoss shared = reconstruction_loss(network, x, nearest_to(x));
  const ReconstructionLoss each = reconstruction_loss(network, x, nearest_to(x), {}, false);
  EXPECT_NEAR(shared.loss.item<double>(), each.loss.item<double>(), 1e-6);
  shared.loss.backward();
  for (const auto& parameter : network.named_parameters())
    EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
  network.set_recompute(true);
  EXPECT_NEAR(reconstruction_loss(network, x, nearest_to(x)).loss.item<double>(), each.loss.item<double>(),
              1e-6);
}

TEST(PointsNetwork, WrongOptionsNameThemselves) {
  PointsNetworkOptions options = small_points();
  options.candidates = {8, 8};
  EXPECT_NE(refusal([&] { PointsNetwork{options}; }).find("points.candidates"), std::string::npos);
  options = small_points(), options.width = 31;
  EXPECT_NE(refusal([&] { PointsNetwork{options}; }).find("points.width"), std::string::npos);
}

}  // namespace
}  // namespace steer

#include "steer/ddn/node_bias.h"

#include <gtest/gtest.h>

#include "steer/ddn/split_prune.h"

namespace steer {
namespace {

TEST(NodeBias, RaisesBusyNodesLowersIdleOnesAndStaysCentred) {
  Layer layer(LayerOptions{4, 1, 4, true, true});
  add_node_bias(layer);
  layer->counts.copy_(torch::tensor({8.0, 4.0, 3.0, 1.0}, torch::kFloat64));
  update_node_bias(layer, 0.1);
  // Steps +0.1, 0, -0.1, -0.1, less their mean.
  EXPECT_TRUE(torch::allclose(layer->bias, torch::tensor({0.125, 0.025, -0.075, -0.075}, torch::kFloat64)));
  EXPECT_NEAR(layer->bias.sum().item<double>(), 0, 1e-12);
  EXPECT_GT(layer->bias[0].item<double>(), layer->bias[3].item<double>());
}

TEST(NodeBias, ChangesTheNearestByUnitsOfTheMeanLeastDistance) {
  const Tensor distance = torch::tensor({{1.0f, 2.0f}, {3.0f, 9.0f}});  // mean least distance 2
  const auto nearest = [&](double b) {
    return biased_nearest(distance, torch::tensor({b, 0.0}, torch::kFloat64));
  };
  EXPECT_TRUE(torch::equal(nearest(0), torch::tensor({0, 0}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(nearest(0.49), torch::tensor({0, 0}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(nearest(0.51), torch::tensor({1, 0}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(nearest(3.01), torch::tensor({1, 1}, torch::kInt64)));
}

TEST(NodeBias, EvensOutTheUseOfPointsThatDoNotMove) {
  // Four fixed points on a line, all targets near the first: the biases alone share the targets out.
  Layer layer(LayerOptions{4, 1, 4, true, true});
  add_node_bias(layer);
  torch::manual_seed(2);
  const Tensor points = torch::tensor({0.0f, 1.0f, 2.0f, 3.0f});
  for (int step = 0; step < 3000; ++step) {
    const Tensor targets = torch::rand({64, 1}) * 0.9;
    const Tensor nearest = biased_nearest((targets - points).square() + 0.05, layer->bias);
    record(layer, times_nearest(nearest, 4), 2000);
    update_node_bias(layer, 0.05);
  }
  const Tensor share = layer->counts / layer->counts.sum();
  EXPECT_GT(share.min().item<double>(), 0.15);
  EXPECT_LT(share.max().item<double>(), 0.35);
}

}  // namespace
}  // namespace steer

// The way back through whole networks: from the last image to every parameter that took part.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "steer/core/random.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

constexpr int64_t kRows = 2;

// Random values everywhere, so that no path is closed by a zero.
void stir(Network& network) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(31);
  for (auto& item : network.named_parameters()) {
    Tensor& value = item.value();
    if (!value.requires_grad()) continue;
    const double fan = value.dim() > 1 ? static_cast<double>(value[0].numel()) : 1;
    value.add_(torch::randn_like(value) * (value.dim() > 1 && value.dim() != 3 ? 0.7 / std::sqrt(fan) : 0.1));
  }
}

std::vector<std::shared_ptr<Network>> stirred_networks() {
  RecurrentOptions options;
  options.size = 16, options.base = 8, options.candidates = 5, options.repeats = 3;
  // With one channel the norm after te1 would take away all that te1 adds.
  options.image_channels = 2;
  // Class 0 has a row of zeros, which would hide the weights that it multiplies.
  ConditionOptions condition;
  condition.type = "class";
  std::vector<std::shared_ptr<Network>> networks = {small_pyramid(3, 5),
                                                    std::make_shared<Recurrent>(options, condition)};
  for (auto& network : networks) stir(*network);
  return networks;
}

Tensor some_code(const Network& network) {
  const Tensor u = uniform_rows(sample_seeds(9, kRows), 0, {network.depth()});
  return (u * static_cast<double>(network.shapes()[0].candidates)).floor().to(torch::kInt64);
}

// A number that all of the last image enters.
Tensor outcome(const Network& network, const Tensor& code, const Tensor& pull) {
  const Condition told = make_condition(network.condition_options(), torch::tensor({3, 8}), {});
  return (network.run(code.size(0), follow(code), {}, told).image * pull).sum();
}

Tensor some_pull(const Network& network) {
  torch::manual_seed(32);
  return torch::randn({kRows, network.image_channels(), network.image_size(), network.image_size()});
}

TEST(Gradient, ReachesEveryParameterThatTookPart) {
  for (const auto& network : stirred_networks()) {
    const Tensor code = some_code(*network);
    outcome(*network, code, some_pull(*network)).backward();
    for (const auto& item : network->named_parameters()) {
      const std::string& name = item.key();
      const Tensor gradient = item.value().grad();
      if (!item.value().requires_grad()) {
        EXPECT_FALSE(gradient.defined()) << name;
        continue;
      }
      ASSERT_TRUE(gradient.defined()) << name;
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << name;
      EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
    }
    // Of the nodes, the chosen alone.
    const auto layers = network->layers();
    std::vector<std::set<int64_t>> chosen(layers.size());
    for (int64_t l = 0; l < network->depth(); ++l)
      for (int64_t n = 0; n < kRows; ++n)
        chosen[static_cast<size_t>(network->layer_of(l))].insert(code[n][l].item<int64_t>());
    for (size_t i = 0; i < layers.size(); ++i) {
      const Tensor& weight = layers[i]->multi_out_conv1x1->weight;
      const Tensor by_node = weight.grad().view_as(layers[i]->node_weights()).abs().amax({1, 2});
      for (int64_t k = 0; k < by_node.size(0); ++k)
        EXPECT_EQ(by_node[k].item<float>() > 0, chosen[i].count(k) == 1) << "layer " << i << " node " << k;
    }
  }
}

TEST(Gradient, AgreesWithFiniteDifferences) {
  for (const auto& network : stirred_networks()) {
    const Tensor code = some_code(*network), pull = some_pull(*network);
    outcome(*network, code, pull).backward();
    torch::NoGradGuard no_grad;
    int64_t measured = 0;
    for (auto& item : network->named_parameters()) {
      Tensor& parameter = item.value();
      if (!parameter.requires_grad()) continue;
      // The entry that matters most, so that rounding matters least; two runs for one in eight parameters.
      if (++measured % 8 != 0) continue;
      const int64_t at = parameter.grad().abs().argmax().item<int64_t>();
      const double gradient = parameter.grad().view(-1)[at].item<double>();
      float& value = parameter.data_ptr<float>()[at];
      const float before = value, step = 1e-2f * std::max(0.1f, std::abs(before));
      value = before + step;
      const double above = outcome(*network, code, pull).item<double>();
      value = before - step;
      const double below = outcome(*network, code, pull).item<double>();
      value = before;
      const double slope = (above - below) / (2 * static_cast<double>(step));
      EXPECT_NEAR(slope, gradient, 0.03 * std::abs(gradient) + 0.05) << item.key();
    }
  }
}

}  // namespace
}  // namespace steer

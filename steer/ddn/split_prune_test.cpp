#include "steer/ddn/split_prune.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/host_reads.h"
#include "steer/core/random.h"

namespace steer {
namespace {

TEST(SplitPrune, FiresOnTheGoldenCountsBetweenTheBusiestAndTheIdlest) {
  // Golden: reference case K = 4, counts 10, 4, 5, 1 split 0 over 3.
  const auto split = wanted_split({10, 4, 5, 1}, "exact");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->split, 0);
  EXPECT_EQ(split->prune, 3);
  EXPECT_FALSE(wanted_split({5, 5, 5, 5}, "exact"));
  EXPECT_FALSE(wanted_split({10, 4, 5, 1}, "none"));
  EXPECT_FALSE(wanted_split({0, 0}, "exact"));
  EXPECT_FALSE(wanted_split({7}, "exact"));
}

TEST(SplitPrune, TheExactRuleEqualsTheOfficialInequalities) {
  // Official: fire if 2 |ps/2 - P| + pd < ps - pd or pd < P/2, with ps, pd the largest and smallest share and
  // P = 1/K.
  Random random(8);
  int fired = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    const size_t k = 2 + random.below(7);
    std::vector<double> counts(k);
    double total = 0;
    for (double& count : counts) total += count = static_cast<double>(1 + random.below(40));
    const double ps = *std::max_element(counts.begin(), counts.end()) / total;
    const double pd = *std::min_element(counts.begin(), counts.end()) / total,
                 p = 1.0 / static_cast<double>(k);
    const double left = 2 * std::abs(ps / 2 - p) + pd, right = ps - pd;
    if (std::abs(left - right) < 1e-9 || std::abs(pd - p / 2) < 1e-9)
      continue;  // on the boundary rounding decides
    const bool official = left < right || pd < p / 2;
    EXPECT_EQ(wanted_split(counts, "exact").has_value(), official);
    fired += official;
    // The paper's rule fires in a part of these cases only.
    if (wanted_split(counts, "paper")) {
      EXPECT_TRUE(official);
    }
  }
  EXPECT_GT(fired, 1000);
}

TEST(SplitPrune, ClonesWeightsMomentsAndShadowBitForBit) {
  torch::manual_seed(41);
  Layer layer(LayerOptions{8, 3, 4, true, true});
  Tensor& weight = layer->multi_out_conv1x1->weight;
  const NamedTensors parameters = {{"w", weight}};
  Adam adam(parameters, AdamOptions());
  Ema ema(parameters, 1000);
  weight.mutable_grad() = torch::randn_like(weight);
  adam.step(0.1);
  ema.update(10, 100);
  layer->counts.copy_(torch::tensor({10.0, 4.0, 5.0, 1.0}, torch::kFloat64));
  const Tensor untouched = weight.detach().narrow(0, 3, 6).clone();
  const auto splits = split_and_prune(layer, SplitOptions(), &adam, &ema);
  ASSERT_EQ(splits.size(), 1u);
  std::vector<Tensor> together = adam.moments(weight);
  together.push_back(weight.detach());
  together.push_back(ema.shadow(weight));
  for (const Tensor& tensor : together)
    EXPECT_TRUE(torch::equal(tensor.narrow(0, 9, 3), tensor.narrow(0, 0, 3)));
  EXPECT_TRUE(torch::equal(weight.detach().narrow(0, 3, 6), untouched));
  EXPECT_TRUE(torch::equal(layer->counts, torch::tensor({5.0, 4.0, 5.0, 5.0}, torch::kFloat64)));
}

TEST(SplitPrune, MayMakeSeveralSplitsAndStopsWhenTheRuleIsQuiet) {
  Layer layer(LayerOptions{4, 1, 8, true, true});
  layer->counts.zero_();
  layer->counts[2] = 64.0;
  SplitOptions options;
  options.most = 100;
  const auto splits = split_and_prune(layer, options, nullptr, nullptr);
  EXPECT_EQ(splits.size(), 7u);
  EXPECT_TRUE(torch::equal(layer->counts, torch::full({8}, 8.0, torch::kFloat64)));
}

TEST(SplitPrune, OnTheDeviceItMakesTheSameSplitsAndTheHostReadsNothing) {
  Random random(12);
  for (int trial = 0; trial < 60; ++trial) {
    const int64_t nodes = 2 + static_cast<int64_t>(random.below(9));
    SplitOptions options;
    options.rule = trial % 3 == 2 ? "paper" : "exact";
    options.most = 1 + trial % 4;
    std::vector<std::vector<Tensor>> results;
    std::vector<double> splits;
    std::vector<double> counts;
    for (int64_t k = 0; k < nodes; ++k)
      counts.push_back(trial == 0 ? 0 : std::pow(static_cast<double>(random.below(8)), 1 + trial % 2));
    for (const bool there : {false, true}) {
      torch::manual_seed(trial);
      Layer layer(LayerOptions{8, 3, nodes, true, true});
      const NamedTensors parameters = {{"w", layer->multi_out_conv1x1->weight}};
      Adam adam(parameters, AdamOptions());
      Ema ema(parameters, 1000);
      layer->multi_out_conv1x1->weight.mutable_grad() = torch::randn_like(layer->multi_out_conv1x1->weight);
      adam.step(0.1);
      ema.update(10, 100);
      layer->counts.copy_(torch::tensor(counts, torch::kFloat64));
      layer->idle.copy_(at::arange(nodes));
      if (there) {
        const HostReads reads;
        const Tensor made = split_and_prune_there(layer, options, &adam, &ema);
        EXPECT_EQ(reads.seen(), 0);
        splits.push_back(made.item<double>());
      } else {
        splits.push_back(static_cast<double>(split_and_prune(layer, options, &adam, &ema).size()));
      }
      results.push_back(adam.moments(layer->multi_out_conv1x1->weight));
      results.back().insert(results.back().end(),
                            {layer->multi_out_conv1x1->weight.detach(), layer->counts, layer->idle,
                             ema.shadow(layer->multi_out_conv1x1->weight)});
    }
    EXPECT_EQ(splits[0], splits[1]);
    for (size_t i = 0; i < results[0].size(); ++i)
      EXPECT_TRUE(torch::equal(results[0][i], results[1][i])) << "trial " << trial << ", tensor " << i;
  }
}

TEST(SplitPrune, CountsFadeByTheirHalfLifeAndIdleNodesAge) {
  Layer layer(LayerOptions{4, 1, 3, true, true});
  record(layer, times_nearest(torch::tensor({1, 1}, torch::kInt64), 3), 2);
  EXPECT_DOUBLE_EQ(layer->counts[1].item<double>(), 2);
  record(layer, times_nearest(torch::tensor({0, 0}, torch::kInt64), 3), 2);
  EXPECT_DOUBLE_EQ(layer->counts[1].item<double>(), 1);
  EXPECT_TRUE(torch::equal(layer->idle, torch::tensor({0, 2, 4}, torch::kInt64)));
}

TEST(SplitPrune, UnknownRulesAreRefused) {
  SplitOptions options;
  options.rule = "exakt";
  EXPECT_THROW(check(options), Error);
  options = SplitOptions();
  options.most = 0;
  EXPECT_THROW(check(options), Error);
}

}  // namespace
}  // namespace steer

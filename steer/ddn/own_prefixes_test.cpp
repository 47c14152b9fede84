#include "steer/ddn/own_prefixes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/loss.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

TEST(OwnPrefixes, TheCheapestAssignmentIsThatOfAllPermutations) {
  torch::manual_seed(6);
  for (const auto& [rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 3}, {4, 4}, {3, 6}, {5, 6}}) {
    const Tensor cost = torch::rand({rows, columns}, torch::kFloat64);
    std::vector<int64_t> order(static_cast<size_t>(columns));
    std::iota(order.begin(), order.end(), 0);
    double least = 1e9;
    do {
      double sum = 0;
      for (int64_t i = 0; i < rows; ++i) sum += cost[i][order[static_cast<size_t>(i)]].item<double>();
      least = std::min(least, sum);
    } while (std::next_permutation(order.begin(), order.end()));
    const Tensor column = assigned(cost);
    EXPECT_NEAR(cost.gather(1, column.unsqueeze(1)).sum().item<double>(), least, 1e-9);
    EXPECT_EQ(std::get<0>(at::_unique(column)).size(0), rows);
  }
  EXPECT_THROW(assigned(torch::rand({3, 2})), Error);
}

TEST(OwnPrefixes, RowsBecomeWhatIsNearestToWhatTheirPrefixesShow) {
  const torch::NoGradGuard no_grad;
  const auto network = small_pyramid();
  const int64_t rows = 40;
  const Tensor x = some_images(*network, rows), seeds = sample_seeds(3, rows);
  const Tensor label = at::arange(rows, torch::kInt64).remainder(4);
  EXPECT_TRUE(own_prefixes(*network, x, 0, seeds).held.eq(0).all().item<bool>());
  for (const Tensor& told : {Tensor(), label}) {
    const OwnPrefixes own = own_prefixes(*network, x, 0.5, seeds, {}, told);
    const Tensor some = own.held > 0;
    EXPECT_GT(some.sum().item<int64_t>(), 10);
    EXPECT_LT(some.sum().item<int64_t>(), 30);
    EXPECT_LT(own.held.max().item<int64_t>(), network->depth());
    std::vector<Tensor> shown;
    network->run(rows, follow(own.code), [&](const LayerStep& step) { shown.push_back(step.image.clone()); });
    Tensor cost = at::zeros({0, rows}, torch::kFloat64);
    std::vector<int64_t> targets;
    for (int64_t row = 0; row < rows; ++row) {
      const auto held = own.held[row].item<int64_t>(), target = own.target[row].item<int64_t>();
      if (held == 0) {
        EXPECT_EQ(target, row);
        continue;
      }
      EXPECT_TRUE(!told.defined() || target % 4 == row % 4);
      const Tensor image = shown[static_cast<size_t>(held - 1)][row];
      Tensor distance = (area_resize(x, image.size(1), image.size(2)) - image).pow(2).flatten(1).mean(1);
      if (told.defined()) distance = distance + 1e6 * (label != row % 4);
      cost = at::cat({cost, distance.to(torch::kFloat64).unsqueeze(0)});
      targets.push_back(target);
    }
    EXPECT_EQ(std::set<int64_t>(targets.begin(), targets.end()).size(), targets.size());
    const Tensor best = assigned(cost), own_cost = cost.gather(1, at::tensor(targets).unsqueeze(1));
    EXPECT_NEAR(own_cost.sum().item<double>(), cost.gather(1, best.unsqueeze(1)).sum().item<double>(), 1e-3);
    // A row by itself draws the same prefix.
    const OwnPrefixes alone = own_prefixes(*network, x.narrow(0, 5, 1), 0.5, seeds.narrow(0, 5, 1));
    EXPECT_EQ(alone.held[0].item<int64_t>(), own.held[5].item<int64_t>());
    const bool drawn = alone.held[0].item<int64_t>() > 0;
    EXPECT_TRUE(!drawn || alone.code[0].equal(own.code[5]));
  }
}

TEST(OwnPrefixes, LayersThatAreHeldCountForNothing) {
  const torch::NoGradGuard no_grad;
  const auto network = small_pyramid();
  const Tensor x = some_images(*network, 4), code = network->run(4, at_random(sample_seeds(1, 4))).code;
  const Tensor held = at::tensor({0, 2, 6, 3}, torch::kInt64);
  std::vector<Tensor> shown;
  const Chooser chooser = follow_some(code, held, nearest_to(x));
  network->run(4, chooser, [&](const LayerStep& step) { shown.push_back(step.image.clone()); });
  const ReconstructionLoss loss = reconstruction_loss(*network, x, chooser, {}, true, {}, held);
  for (int64_t l = 0; l < network->depth(); ++l) {
    const Tensor& image = shown[static_cast<size_t>(l)];
    const Tensor each = (area_resize(x, image.size(2), image.size(3)) - image).pow(2).flatten(1).mean(1);
    EXPECT_NEAR(loss.by_layer[l].item<double>(), each.masked_select(held <= l).mean().item<double>(), 1e-5);
  }
}

}  // namespace
}  // namespace steer

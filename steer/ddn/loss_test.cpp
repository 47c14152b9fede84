#include "steer/ddn/loss.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/prefix_sharing.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

TEST(Loss, IsTheMeanOverLayersOfTheErrorAtEachSize) {
  const auto network = small_pyramid();
  const Tensor x = torch::rand({3, 1, 8, 8}) * 2 - 1;
  std::vector<double> errors;
  network->run(3, nearest_to(x), [&](const LayerStep& step) {
    errors.push_back(
        (step.image - area_resize(x, step.image.size(2), step.image.size(3))).square().mean().item<double>());
  });
  const ReconstructionLoss result = reconstruction_loss(*network, x, nearest_to(x));
  double mean = 0;
  for (size_t l = 0; l < errors.size(); ++l) {
    EXPECT_NEAR(result.by_layer[static_cast<int64_t>(l)].item<double>(), errors[l], 1e-6);
    mean += errors[l] / static_cast<double>(errors.size());
  }
  EXPECT_NEAR(result.loss.item<double>(), mean, 1e-6);
  EXPECT_EQ(result.nearest.size(), errors.size());
}

TEST(Loss, SharingPrefixesChangesNothingButTheWork) {
  const std::vector<std::shared_ptr<Network>> networks = {small_pyramid(), small_recurrent()};
  for (const auto& network : networks) {
    // Two layers of prefixes are shared, the others are not.
    const int64_t k = network->shapes()[0].candidates, rows = 2 * k * k + 1;
    const Tensor x = some_images(*network, rows), seeds = sample_seeds(3, rows);
    const auto gradients = [&](bool share) {
      network->zero_grad();
      const auto result =
          reconstruction_loss(*network, x, with_chain_dropout(nearest_to(x), 0.3, seeds), {}, share);
      result.loss.backward();
      std::vector<Tensor> all = {result.by_layer};
      for (const Tensor& nearest : result.nearest) all.push_back(nearest);
      for (const Tensor& parameter : network->parameters())
        if (parameter.grad().defined()) all.push_back(parameter.grad().clone());
      return all;
    };
    const auto shared = gradients(true), plain = gradients(false);
    ASSERT_EQ(shared.size(), plain.size());
    for (size_t i = 0; i < plain.size(); ++i)
      EXPECT_TRUE(torch::allclose(shared[i].to(torch::kFloat64), plain[i].to(torch::kFloat64), 1e-3, 1e-6))
          << i;
  }
}

TEST(Loss, SharedPrefixesRunOnce) {
  const auto network = small_pyramid();
  const int64_t k = network->shapes()[0].candidates, rows = 2 * k * k;
  const Tensor x = some_images(*network, rows);
  PrefixSharing sharing(nearest_to(x), rows);
  std::vector<int64_t> carried;
  network->run(1, sharing.chooser(), [&](const LayerStep& step) { carried.push_back(step.image.size(0)); });
  EXPECT_EQ(carried[0], k);
  EXPECT_EQ(carried[1], k * k);
  EXPECT_EQ(carried[2], rows);
}

TEST(Loss, ReachesEveryParameterOfBothNetworks) {
  const std::vector<std::shared_ptr<Network>> networks = {small_pyramid(), small_recurrent()};
  for (const auto& network : networks) {
    const Tensor x = some_images(*network, 6);
    reconstruction_loss(*network, x, nearest_to(x)).loss.backward();
    for (const auto& item : network->named_parameters()) {
      // The embedding of class 0 is zero, so the first weights of its maps have no gradient.
      const std::string& name = item.key();
      const bool of_class =
          name.find(".te") != std::string::npos && name.find(".0.weight") != std::string::npos;
      if (!item.value().requires_grad() || of_class) continue;
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << item.key();
    }
  }
}

TEST(Loss, OneCandidateIsPlainRegression) {
  const auto network = small_pyramid(1, 1);
  const Tensor x = torch::rand({2, 1, 8, 8}) * 2 - 1;
  const Generated once = network->run(2, nearest_to(x)), again = network->run(2, nearest_to(-x));
  EXPECT_TRUE(torch::equal(once.image, again.image));
  EXPECT_EQ(once.code.abs().max().item<int64_t>(), 0);
}

TEST(Loss, ImagesOfAnotherShapeAreRefused) {
  const auto network = small_pyramid();
  EXPECT_THROW(
      reconstruction_loss(*network, torch::zeros({2, 3, 8, 8}), nearest_to(torch::zeros({2, 3, 8, 8}))),
      Error);
}

}  // namespace
}  // namespace steer

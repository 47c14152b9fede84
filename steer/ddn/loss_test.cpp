#include "steer/ddn/loss.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
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

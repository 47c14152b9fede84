#include "steer/ddn/beam.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

Tensor error_of(const Tensor& images, const Tensor& x) {
  return (images - x).square().mean({1, 2, 3});
}

TEST(Beam, WidthOneIsGreedyChoice) {
  torch::NoGradGuard no_grad;
  for (const auto& network : {small_pyramid(), small_recurrent()}) {
    const Tensor x = some_images(*network, 4);
    const Generated greedy = network->run(4, nearest_to(x));
    const Generated beam = network->run(4, beam_search(nearness_to(x), {4, 1, 1, network->depth()}));
    EXPECT_TRUE(torch::equal(beam.code, greedy.code));
  }
}

TEST(Beam, AFullBeamFindsTheBestOfAllCodes) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(61);
  RecurrentOptions options;
  options.size = 16;
  options.base = 8;
  options.candidates = 3;
  options.repeats = 3;
  const Recurrent network(options);
  const Tensor x = some_images(network, 2);
  // All 27 codes by hand.
  std::vector<Tensor> codes;
  for (int64_t c = 0; c < 27; ++c) codes.push_back(torch::tensor({c / 9, c / 3 % 3, c % 3}, torch::kInt64));
  const Tensor images = network.run(27, follow(at::stack(codes)), {}).image;
  const Generated found = network.run(2, beam_search(nearness_to(x), {2, 27, 2, 3}), {});
  ASSERT_EQ(found.image.size(0), 4);
  for (int64_t n = 0; n < 2; ++n) {
    const Tensor sorted = std::get<0>(error_of(images, x.narrow(0, n, 1)).sort());
    EXPECT_NEAR(error_of(found.image.narrow(0, 2 * n, 1), x.narrow(0, n, 1)).item<float>(),
                sorted[0].item<float>(), 1e-5);
    EXPECT_NEAR(error_of(found.image.narrow(0, 2 * n + 1, 1), x.narrow(0, n, 1)).item<float>(),
                sorted[1].item<float>(), 1e-5);
  }
}

TEST(Beam, TheCodeFoundDecodesToItsImage) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid();
  const Tensor x = some_images(*network, 3);
  const Generated found = network->run(3, beam_search(nearness_to(x), {3, 6, 1, network->depth()}));
  EXPECT_TRUE(torch::allclose(network->run(3, follow(found.code)).image, found.image, 1e-5, 1e-5));
  const double greedy = error_of(network->run(3, nearest_to(x)).image, x).mean().item<double>();
  EXPECT_LE(error_of(found.image, x).mean().item<double>(), greedy);
}

TEST(Beam, ImpossibleWidthsAreRefused) {
  EXPECT_THROW(beam_search(nearness_to(torch::zeros({1, 1, 8, 8})), {1, 2, 3, 6}), Error);
  const auto network = small_pyramid();
  EXPECT_THROW(network->run(3, beam_search(nearness_to(torch::zeros({2, 1, 8, 8})), {2, 4, 1, 6})), Error);
}

}  // namespace
}  // namespace steer

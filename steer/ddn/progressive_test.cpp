#include "steer/ddn/progressive.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

TEST(Progressive, EndsWithTheImageOfTheCode) {
  const auto network = small_pyramid();
  const Generated made = network->run(3, at_random(sample_seeds(1, 3)));
  const Progression all = progression(*network, 3, at_random(sample_seeds(1, 3)));
  EXPECT_TRUE(torch::equal(all.code, made.code));
  ASSERT_EQ(static_cast<int64_t>(all.images.size()), network->depth());
  EXPECT_TRUE(torch::equal(all.images.back(), made.image));
  for (const Tensor& images : all.images) EXPECT_EQ(images.sizes(), made.image.sizes());
  const Progression some = progression(*network, 3, follow(made.code), {0, network->depth() - 1});
  ASSERT_EQ(some.images.size(), 2u);
  EXPECT_TRUE(torch::equal(some.images[0], all.images[0]));
  EXPECT_TRUE(torch::equal(some.images[1], made.image));
}

TEST(Progressive, LayersSpreadFromFirstToLast) {
  EXPECT_EQ(spread_layers(3, 9), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(spread_layers(25, 4), (std::vector<int64_t>{0, 8, 16, 24}));
  EXPECT_EQ(spread_layers(63, 1), (std::vector<int64_t>{62}));
  for (int64_t most = 1; most < 30; ++most) {
    const std::vector<int64_t> layers = spread_layers(25, most);
    for (size_t i = 1; i < layers.size(); ++i) EXPECT_GT(layers[i], layers[i - 1]);
    EXPECT_EQ(layers.back(), 24);
  }
}

TEST(Progressive, LayersThatAreNotThereAreRefused) {
  const auto network = small_pyramid();
  EXPECT_THROW(progression(*network, 1, at_random(sample_seeds(1, 1)), {99}), Error);
  EXPECT_THROW(progression(*network, 1, at_random(sample_seeds(1, 1)), {1, 1}), Error);
}

}  // namespace
}  // namespace steer

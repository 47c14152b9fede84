#include "steer/ddn/tree.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

TEST(Tree, HoldsThePrefixOfEveryCode) {
  const auto network = small_recurrent();
  const PrefixTree tree = prefix_tree(*network, 2);
  ASSERT_EQ(tree.images.size(), 2u);
  ASSERT_EQ(tree.images[1].size(0), 64);
  torch::NoGradGuard no_grad;
  const Tensor code = torch::tensor({{5, 3, 0, 0}}, torch::kInt64);
  std::vector<Tensor> images;
  network->run(1, follow(code), [&](const LayerStep& step) { images.push_back(step.image.clamp(-1, 1)); });
  EXPECT_TRUE(torch::allclose(tree.images[0][5], images[0][0], 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(tree.images[1][5 * 8 + 3], images[1][0], 1e-5, 1e-5));
}

TEST(Tree, TooLargeOrUnevenTreesAreRefused) {
  EXPECT_THROW(prefix_tree(*small_recurrent(), 5), Error);
  EXPECT_THROW(prefix_tree(*small_pyramid(1, 64), 3), Error);
  PyramidOptions options;
  options.widths = {16, 16};
  options.layers = {1, 1};
  options.candidates = {4, 8};
  EXPECT_THROW(prefix_tree(Pyramid(options), 2), Error);
}

}  // namespace
}  // namespace steer

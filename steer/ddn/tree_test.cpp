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

TEST(Tree, PutsChildrenAroundTheirParent) {
  // Two levels of K = 8: level 0 is image k / 10, level 1 is that plus a hundredth for each child.
  PrefixTree tree{8, 2, {}};
  tree.images.push_back((torch::arange(8, torch::kFloat32) / 10).view({8, 1, 1, 1}).expand({8, 1, 4, 4}));
  tree.images.push_back((torch::arange(8, torch::kFloat32).repeat_interleave(8) / 10 +
                         torch::arange(8, torch::kFloat32).repeat({8}) / 100)
                            .view({64, 1, 1, 1})
                            .expand({64, 1, 4, 4}));
  const Tensor picture = tree_picture(tree, 8)[0];
  ASSERT_EQ(picture.size(0), 72);
  const auto at = [&](int64_t row, int64_t column) {
    return picture[row * 8 + 4][column * 8 + 4].item<float>();
  };
  EXPECT_NEAR(at(4, 4), 0.35, 1e-5);  // the root: the mean of its children
  EXPECT_NEAR(at(1, 1), 0.0, 1e-5);   // child 0 in the middle of the first block
  EXPECT_NEAR(at(0, 0), 0.0, 1e-5);   // its child 0
  EXPECT_NEAR(at(2, 2), 0.07, 1e-5);  // its child 7
  EXPECT_NEAR(at(4, 7), 0.4, 1e-5);   // child 4 stands right of the middle
  EXPECT_NEAR(at(7, 7), 0.7, 1e-5);
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

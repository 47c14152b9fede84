#include "steer/picture/nested.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(NestedPicture, PutsChildrenAroundTheirParent) {
  // Two levels of K = 8: level 0 is image k / 10, level 1 is that plus a hundredth for each child.
  std::vector<Tensor> levels;
  levels.push_back((torch::arange(8, torch::kFloat32) / 10).view({8, 1, 1, 1}).expand({8, 1, 4, 4}));
  levels.push_back((torch::arange(8, torch::kFloat32).repeat_interleave(8) / 10 +
                    torch::arange(8, torch::kFloat32).repeat({8}) / 100)
                       .view({64, 1, 1, 1})
                       .expand({64, 1, 4, 4}));
  const Tensor picture = nested_picture(levels, 8)[0];
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

TEST(NestedPicture, RefusesCellsAndLevelsThatCannotBe) {
  const Tensor first = torch::zeros({8, 1, 4, 4});
  EXPECT_THROW(nested_picture({first}, 3), Error);
  EXPECT_THROW(nested_picture({}, 8), Error);
  EXPECT_THROW(nested_picture({first, torch::zeros({63, 1, 4, 4})}, 8), Error);
}

}  // namespace
}  // namespace steer

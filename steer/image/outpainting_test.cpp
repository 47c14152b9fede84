#include "steer/image/outpainting.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// Fills every window with the number of its turn, and says how many there were.
int fill(Outpainting& out, int64_t side, std::vector<double>* known = nullptr) {
  int turn = 0;
  while (!out.done()) {
    const LinearTask task = out.task(0.1);
    if (known) known->push_back(1 - task.hidden.to(torch::kFloat64).mean().item<double>());
    const Tensor& all = out.pictures();
    out.take(torch::full({all.size(0), all.size(1), side, side}, 0.01 * ++turn));
  }
  return turn;
}

TEST(Outpainting, KeepsThePictureAndMakesEveryOtherPixelOnce) {
  torch::manual_seed(3);
  const Tensor picture = torch::rand({3, 12, 10});
  Outpainting out(picture, {5, 9, 0, 7}, 8, 8, 2);
  EXPECT_EQ(out.share(), 0);
  std::vector<double> known;
  const int turns = fill(out, 8, &known);
  EXPECT_EQ(out.share(), 1);
  EXPECT_GT(turns, 3);
  const Tensor& grown = out.pictures();
  ASSERT_EQ(grown.sizes(), at::IntArrayRef({2, 3, 19, 24}));
  EXPECT_TRUE(torch::equal(grown[0].narrow(1, 0, 12).narrow(2, 5, 10), picture));
  EXPECT_TRUE(torch::equal(grown[0], grown[1]));
  // Grey is left nowhere: only the picture itself may hold a zero, and it does not.
  EXPECT_TRUE(grown.ne(0).all().item<bool>());
  // Each window has something to go on from: the first ones the picture, half of them, later ones what was
  // made.
  for (const double share : known) EXPECT_GE(share, 0.4);
}

TEST(Outpainting, ASmallPictureGrowsIntoOneWindow) {
  Outpainting out(torch::full({1, 4, 4}, 0.5), {2, 2, 0, 4}, 8, 8, 1);
  EXPECT_EQ(fill(out, 8), 1);
  EXPECT_TRUE(
      torch::equal(out.pictures()[0][0][0], torch::tensor({.01f, .01f, .5f, .5f, .5f, .5f, .01f, .01f})));
}

TEST(Outpainting, TheTaskKnowsThePixelsOfTheWindow) {
  torch::manual_seed(4);
  const Tensor picture = torch::rand({1, 8, 8}) + 0.1;
  Outpainting out(picture, {0, 4, 0, 0}, 8, 8, 1);
  const LinearTask task = out.task(0.1);
  EXPECT_TRUE(torch::equal(task.degraded[0][0].narrow(1, 0, 4), picture[0].narrow(1, 4, 4)));
  EXPECT_TRUE(task.hidden[0][0].narrow(1, 4, 4).to(torch::kBool).all().item<bool>());
}

TEST(Outpainting, RefusesWhatDoesNotGrow) {
  const Tensor picture = torch::zeros({1, 8, 8});
  EXPECT_THROW(Outpainting(picture, {}, 8, 8, 1), Error);
  EXPECT_THROW(Outpainting(picture, {-1, 4, 0, 0}, 8, 8, 1), Error);
  EXPECT_THROW(Outpainting(picture, {4, 0, 0, 0}, 16, 8, 1), Error);
}

}  // namespace
}  // namespace steer

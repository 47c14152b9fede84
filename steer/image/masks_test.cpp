#include "steer/image/masks.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Masks, NamesCoverWhatTheySay) {
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{32, 32}, {16, 24}, {9, 7}}) {
    const auto mask = [h = height, w = width](const char* name) {
      const Tensor made = make_mask(name, h, w);
      EXPECT_EQ(shape_text(made.sizes()), joined("[1, 1, ", h, ", ", w, "]"));
      EXPECT_TRUE((made.eq(0) | made.eq(1)).all().item<bool>());
      return made[0][0];
    };
    EXPECT_EQ(mask("left").narrow(1, 0, width / 2).min().item<float>(), 1.0f);
    EXPECT_EQ(mask("left").sum().item<int64_t>(), width / 2 * height);
    EXPECT_TRUE(torch::equal(mask("right"), mask("left").flip({1})));
    EXPECT_EQ(mask("top").narrow(0, 0, height / 2).min().item<float>(), 1.0f);
    EXPECT_EQ(mask("top").sum().item<int64_t>(), height / 2 * width);
    EXPECT_TRUE(torch::equal(mask("bottom"), mask("top").flip({0})));
  }
}

TEST(Masks, CentreAndCheckerAreExact) {
  const Tensor centre = make_mask("centre", 32, 32)[0][0];
  EXPECT_EQ(centre.sum().item<int64_t>(), 16 * 16);
  EXPECT_EQ(centre.narrow(0, 8, 16).narrow(1, 8, 16).min().item<float>(), 1.0f);
  const Tensor checker = make_mask("checker", 32, 16)[0][0];
  EXPECT_EQ(checker.sum().item<int64_t>(), 32 * 16 / 2);
  EXPECT_EQ(checker[0][0].item<float>(), 0.0f);
  EXPECT_EQ(checker[3][2].item<float>(), 1.0f);  // blocks are 4 high and 2 wide here
  EXPECT_EQ(checker[4][2].item<float>(), 0.0f);
}

TEST(Masks, TheTablesPartsAreWhereTheyShouldBe) {
  const auto mask = [](const char* name) { return make_mask(name, 36, 36)[0][0]; };
  const Tensor quadrants = mask("quadrants");
  EXPECT_EQ(quadrants.sum().item<int64_t>(), 2 * 18 * 18);
  EXPECT_EQ(quadrants[0][0].item<float>(), 1);
  EXPECT_EQ(quadrants[35][35].item<float>(), 1);
  const Tensor eyes = mask("eyes");  // rows 14 to 19
  EXPECT_EQ(eyes.narrow(0, 14, 6).min().item<float>(), 1);
  EXPECT_EQ(eyes.sum().item<int64_t>(), 6 * 36);
  const Tensor bar = mask("eyes_bar");  // and columns 14 to 20
  EXPECT_EQ(bar.narrow(1, 14, 7).min().item<float>(), 1);
  EXPECT_EQ(bar.sum().item<int64_t>(), 6 * 36 + 7 * 30);
  // An S looks the same upside down, and is no ring.
  const Tensor s = mask("letter_s");
  EXPECT_TRUE(torch::equal(s, s.flip({0, 1})));
  EXPECT_FALSE(torch::equal(s, s.flip({1})));
  EXPECT_NEAR(s.mean().item<float>(), 0.2, 0.06);
  for (const char* name : {"left", "top", "quadrants", "centre", "eyes", "eyes_bar", "letter_s", "checker"})
    EXPECT_TRUE(torch::equal(mask((std::string("not_") + name).c_str()), 1 - mask(name))) << name;
  EXPECT_TRUE(torch::equal(mask("not_left"), mask("right")));
  EXPECT_THROW(make_mask("not_not_left", 36, 36), Error);
}

TEST(Masks, ReadsPicturesWithWhiteAsFill) {
  const std::string path = testing::TempDir() + "steer_mask.png";
  const Tensor mask = (torch::rand({1, 16, 16}) > 0.5).to(torch::kFloat32);
  write_png(path, mask * 2 - 1);
  EXPECT_TRUE(torch::equal(make_mask(path, 16, 16)[0], mask));
  EXPECT_EQ(
      refusal([&] { make_mask(path, 32, 32); }),
      "[image] " + path +
          ": expected an image of size 32x32 (height x width) but got 16x16; fit resize, pad or crop takes "
          "other sizes");
  // Of another size as its photo: halves stay halves.
  Tensor photo = torch::full({1, 64, 48}, -1.0f);
  photo.narrow(2, 0, 24).fill_(1);
  write_png(path, photo);
  EXPECT_TRUE(torch::equal(make_mask(path, 32, 32, "resize"), make_mask("left", 32, 32)));
  EXPECT_EQ(make_mask(path, 32, 32, "pad").sum().item<double>(), 32 * 12);
  write_png(path, torch::full({1, 16, 16}, -1.0f));
  EXPECT_THROW(make_mask(path, 16, 16), Error);
  write_png(path, torch::ones({1, 16, 16}));
  EXPECT_THROW(make_mask(path, 16, 16), Error);
  std::filesystem::remove(path);
}

TEST(Masks, RefuseUnknownNamesAndHalvesOfNothing) {
  EXPECT_THROW(make_mask("diagonal", 16, 16), Error);
  EXPECT_THROW(make_mask("", 16, 16), Error);
  EXPECT_THROW(make_mask("left", 16, 1), Error);
  EXPECT_THROW(make_mask("left", 0, 16), Error);
}

}  // namespace
}  // namespace steer

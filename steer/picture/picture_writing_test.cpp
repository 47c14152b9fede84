#include "steer/picture/picture_writing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// Smooth, so that a JPEG holds it well.
Tensor smooth_picture(int64_t channels) {
  const Tensor down = at::linspace(-1, 1, 24).view({1, 24, 1}), right = at::linspace(-0.5, 0.5, 40);
  return (down * at::linspace(1, 0.2, channels).view({channels, 1, 1}) + right).clamp(-1, 1);
}

TEST(PictureWriting, EveryEndingGivesItsFormatAndThePictureBack) {
  for (int64_t channels : {1, 3}) {
    const Tensor picture = smooth_picture(channels), truth = to_bytes(picture);
    for (const char* name : {"a.png", "a.WEBP"}) {
      const Tensor back = decode_bytes(encode_picture(picture, name), name, channels);
      EXPECT_TRUE(at::equal(back, truth)) << name << " of " << channels << " channels";
    }
    for (const char* name : {"a.jpg", "b.c.JPEG"}) {
      const std::string bytes = encode_picture(picture, name);
      EXPECT_EQ(bytes.substr(0, 3), "\xff\xd8\xff");
      const Tensor back = decode_bytes(bytes, name, channels);
      EXPECT_LE((back.to(torch::kInt32) - truth.to(torch::kInt32)).abs().max().item<int>(), 4) << name;
    }
    EXPECT_EQ(encode_picture(picture, "a.gif").substr(0, 6), "GIF89a");
  }
}

TEST(PictureWriting, TextsGoIntoPngAlone) {
  const std::string bytes = encode_picture(smooth_picture(1), "a.png", {{"steer", "{}"}});
  EXPECT_EQ(decode_png_texts(bytes, "a.png").at(0).text, "{}");
  EXPECT_EQ(encode_picture(smooth_picture(1), "a.webp", {{"steer", "{}"}}),
            encode_picture(smooth_picture(1), "a.webp"));
}

TEST(PictureWriting, OtherEndingsAndSidesAreRefused) {
  EXPECT_THAT(refusal([] { encode_picture(smooth_picture(1), "a.bmp"); }),
              testing::HasSubstr("ends in .png"));
  EXPECT_THAT(refusal([] {
                encode_picture(torch::zeros({1, 1, 16384}), "a.webp");
              }),
              testing::HasSubstr("at most 16383"));
  EXPECT_THAT(refusal([] {
                encode_picture(torch::zeros({2, 4, 4}), "a.jpg");
              }),
              testing::HasSubstr("[1 or 3, H, W]"));
  EXPECT_TRUE(is_written_picture_name("x/a.GIF"));
  EXPECT_FALSE(is_written_picture_name("a.json"));
}

}  // namespace
}  // namespace steer

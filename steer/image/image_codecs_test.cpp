#include "steer/image/image_codecs.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// A soft hill in each channel.
Tensor hill(int64_t channels) {
  const Tensor ramp = torch::linspace(-1, 1, 32).square();
  const Tensor height = 255 * torch::exp(-2 * (ramp.unsqueeze(0) + ramp.unsqueeze(1)));
  return height.unsqueeze(0).repeat({channels, 1, 1}).to(torch::kUInt8);
}

double error(const Tensor& a, const Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).square().mean().item<double>();
}

TEST(ImageCodecs, BetterQualityCostsMoreAndComesNearer) {
  for (int64_t channels : {1, 3})
    for (const auto& through : {through_jpeg, through_webp, through_jpeg_xl}) {
      const Tensor picture = hill(channels);
      const CodedPicture coarse = through(picture, 5), fine = through(picture, 95);
      EXPECT_EQ(fine.decoded.sizes(), picture.sizes());
      EXPECT_LT(coarse.bytes, fine.bytes);
      EXPECT_LT(error(fine.decoded, picture), error(coarse.decoded, picture));
      EXPECT_LT(error(fine.decoded, picture), 10);
    }
}

TEST(ImageCodecs, ThePayloadIsTheFileWithoutItsHead) {
  const CodedPicture jpeg = through_jpeg(hill(1), 50), webp = through_webp(hill(1), 50);
  EXPECT_GT(jpeg.payload_bytes, 0);
  EXPECT_LT(jpeg.payload_bytes, jpeg.bytes - 100);  // two tables and a header at least
  EXPECT_EQ(webp.payload_bytes, webp.bytes - 20);
  const CodedPicture jxl = through_jpeg_xl(hill(3), 50);
  EXPECT_EQ(jxl.payload_bytes, jxl.bytes - 2);
}

TEST(ImageCodecs, OtherThanPicturesIsRefused) {
  EXPECT_THROW(through_jpeg(torch::zeros({2, 8, 8}, torch::kUInt8), 50), Error);
  EXPECT_THROW(through_webp(torch::zeros({1, 8, 8}), 50), Error);
  EXPECT_THROW(through_jpeg(hill(1), 0), Error);
  EXPECT_THROW(through_webp(hill(1), 101), Error);
  EXPECT_THROW(through_jpeg_xl(hill(1), 0), Error);
  EXPECT_THROW(through_jpeg_xl(torch::zeros({2, 8, 8}, torch::kUInt8), 50), Error);
}

}  // namespace
}  // namespace steer

#include "steer/image/rivals.h"

#include <gtest/gtest.h>

#include "steer/core/tensors.h"
#include "steer/image/image_codecs.h"

namespace steer {
namespace {

TEST(Rivals, SayWhatTheFormatsSay) {
  torch::manual_seed(1);
  const Tensor images = from_bytes((torch::rand({3, 3, 16, 16}) * 255).to(torch::kUInt8));
  const std::vector<Rival> rivals = image_rivals();
  ASSERT_EQ(rivals.size(), 3u);
  EXPECT_EQ(rivals[0].name, "jpeg");
  const RivalSamples made = rivals[0].through(images, 70);
  const CodedPicture second = through_jpeg(to_bytes(images[1]), 70);
  EXPECT_EQ(made.bits[1].item<double>(), 8.0 * static_cast<double>(second.bytes));
  EXPECT_EQ(made.bare_bits[1].item<double>(), 8.0 * static_cast<double>(second.payload_bytes));
  EXPECT_TRUE(torch::equal(made.state.x[1], from_bytes(second.decoded)));
  EXPECT_TRUE(torch::equal(made.given.x, images));
}

TEST(Rivals, MoreQualityIsMoreBitsAndLessError) {
  torch::manual_seed(2);
  const Tensor small = torch::rand({2, 1, 4, 4}) * 2 - 1;
  const Tensor images = area_resize(small, 16, 16);
  for (const Rival& rival : image_rivals()) {
    const RivalSamples least = rival.through(images, rival.qualities.front()),
                       most = rival.through(images, rival.qualities.back());
    EXPECT_LT(least.bits.sum().item<double>(), most.bits.sum().item<double>()) << rival.name;
    EXPECT_GT((least.state.x - images).square().sum().item<double>(),
              (most.state.x - images).square().sum().item<double>())
        << rival.name;
  }
}

}  // namespace
}  // namespace steer

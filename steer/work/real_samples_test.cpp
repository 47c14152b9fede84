#include "steer/work/real_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/notice.h"
#include "steer/image/image_space.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

// Grey pictures of different brightness.
void put_pictures(const TemporaryFolder& folder, const std::string& place, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    write_png(folder / (place + "/" + std::to_string(i) + ".png"),
              torch::full({1, 8, 8}, static_cast<double>(i) / 10));
}

RealSamples real_of(const TemporaryFolder& folder, int64_t count) {
  SampleSource source;
  source.data = folder.path();
  return real_samples(source, image_space(1, 8, 8), count);
}

TEST(RealSamples, AreOfBothSplits) {
  const TemporaryFolder folder;
  put_pictures(folder, "train/a", 5), put_pictures(folder, "test/a", 4);
  const RealSamples real = real_of(folder, 3);
  EXPECT_EQ(real.split + " " + real.other, "test train");
  EXPECT_EQ(real.reference.state.size(), 3);
  EXPECT_EQ(real.others.state.size(), 3);
}

TEST(RealSamples, AreHalvesOfDataWithOneSplitOrNone) {
  const TemporaryFolder plain, trained, tested;
  put_pictures(plain, "", 7), put_pictures(trained, "train", 7), put_pictures(tested, "test", 7);
  put_pictures(tested, "train", 0);
  for (const TemporaryFolder* folder : {&plain, &trained}) {
    std::string said;
    const NoticesTo taker([&](const std::string& line) { said += line; });
    const RealSamples real = real_of(*folder, 100);
    EXPECT_THAT(said, HasSubstr("has no split test"));
    EXPECT_EQ(real.split, "half of train");
    EXPECT_EQ(real.reference.state.size(), 3);
    EXPECT_EQ(real.others.state.size(), 3);
    EXPECT_FALSE(torch::equal(real.reference.state.x, real.others.state.x));
  }
  const RealSamples real = real_of(tested, 2);
  EXPECT_EQ(real.split, "half of test");
  EXPECT_EQ(real.reference.state.size(), 2);
}

TEST(RealSamples, TooFewAreRefused) {
  const TemporaryFolder folder, empty;
  put_pictures(folder, "", 3);
  EXPECT_THAT(refusal([&] { real_of(folder, 100); }), HasSubstr("at least two real samples"));
  EXPECT_THAT(refusal([&] { real_of(empty, 100); }), HasSubstr("expected"));
}

}  // namespace
}  // namespace steer

#include "steer/work/repeats.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/picture/images.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// A picture of one grey but for one pixel.
void write_grey(const std::string& path, int64_t grey, int64_t pixel) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  const Tensor image = torch::full({3, 8, 8}, grey / 127.5 - 1);
  image.select(2, 3).select(1, 3).fill_(pixel / 127.5 - 1);
  write_png(path, image);
}

TEST(Repeats, CountsTestPicturesThatEqualATrainingPictureInPixels) {
  const TemporaryFolder folder;
  for (int i = 0; i < 6; ++i) write_grey(folder / ("data/train/a/" + std::to_string(i) + ".png"), 20 * i, 9);
  write_grey(folder / "data/test/a/same.png", 40, 9);
  write_grey(folder / "data/test/b/same_of_another_class.png", 60, 9);
  write_grey(folder / "data/test/a/nearly.png", 40, 10);
  write_grey(folder / "data/test/a/other.png", 50, 9);
  DataOptions options;
  options.path = folder / "data";
  for (const char* split : {"train", "test"}) {
    options.split = split;
    const auto found = repeats_across_splits(options);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->tested, 4);
    EXPECT_EQ(found->repeated, 2);
  }
  // A limit of the training data hides none of them.
  options.split = "train", options.limit = 1;
  EXPECT_EQ(repeats_across_splits(options)->tested, 1);
  std::filesystem::remove_all(folder / "data/test");
  EXPECT_FALSE(repeats_across_splits(options));
}

}  // namespace
}  // namespace steer

#include "steer/work/outputs.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "steer/core/json.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

using testing::HasSubstr;

std::string output_refusal(const std::string& path, bool force = false) {
  return refusal([&] { check_picture_output(path, force); });
}

TEST(PictureOutput, IsLookedAtBeforeWork) {
  const TemporaryFolder folder;
  EXPECT_EQ(output_refusal(folder / "new/folder/a.png"), "accepted");
  EXPECT_EQ(output_refusal(folder / "a.PNG"), "accepted");
  EXPECT_EQ(output_refusal("/dev/null"), "accepted");
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
  EXPECT_THAT(output_refusal(""), HasSubstr("empty"));
  EXPECT_THAT(output_refusal(folder.path()), HasSubstr("it is a folder"));
  for (const char* name : {"a.json", "a.jpg", "a", ".png"})
    EXPECT_THAT(output_refusal(folder / name), HasSubstr("ends in .png")) << name;
  folder.put("file", "text");
  EXPECT_THAT(output_refusal(folder / "file/a.png"), HasSubstr("is no folder"));
}

TEST(PictureOutput, LeavesWhatIsNotSteers) {
  const TemporaryFolder folder;
  const std::string path = folder / "keep.png", twin = folder.put("keep.json", "{\"mine\": 1}");
  EXPECT_THAT(output_refusal(path), HasSubstr("keep.json: stands there and is not steer's"));
  EXPECT_EQ(output_refusal(path, true), "accepted");
  folder.put("keep.json", "no JSON");
  EXPECT_THAT(output_refusal(path), HasSubstr("is not steer's"));
  std::filesystem::remove(twin);
  write_png(path, torch::zeros({1, 4, 4}));
  EXPECT_THAT(output_refusal(path), HasSubstr("keep.png: stands there and is not steer's"));
  write_png(path, torch::zeros({1, 4, 4}), {{"steer", "{}"}});
  EXPECT_EQ(output_refusal(path), "accepted");
  const std::string other = folder / "other.png";
  write_picture(other, torch::zeros({1, 4, 4}), {{"figures", 3}});
  EXPECT_EQ(output_refusal(other), "accepted");
}

}  // namespace
}  // namespace steer

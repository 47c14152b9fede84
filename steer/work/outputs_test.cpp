#include "steer/work/outputs.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/pictures.h"
#include "steer/work/rate_curve.h"
#include "steer/work/report.h"

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
  for (const char* name : {"a.jpg", "a.JPEG", "a.webp", "a.gif"})
    EXPECT_EQ(output_refusal(folder / name), "accepted") << name;
  for (const char* name : {"a.json", "a.bmp", "a", ".png"})
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

std::string file_refusal(const std::string& path, OutputKind kind, bool force = false) {
  return refusal([&] { check_file_output(path, kind, force); });
}

TEST(FileOutput, LeavesWhatIsNotSteers) {
  const TemporaryFolder folder;
  const std::string foreign = "is not steer's";
  for (const auto& [name, kind] : {std::pair<const char*, OutputKind>{"a.ddn", OutputKind::kCodes},
                                   {"a.idx", OutputKind::kIndex},
                                   {"a.json", OutputKind::kPreset},
                                   {"a.csv", OutputKind::kTable},
                                   {"film.gif", OutputKind::kFilm},
                                   {"chart.svg", OutputKind::kChart},
                                   {"a.bash", OutputKind::kText}}) {
    EXPECT_EQ(file_refusal(folder / name, kind), "accepted") << name;
    folder.put(name, "mine");
    EXPECT_THAT(file_refusal(folder / name, kind), HasSubstr(foreign)) << name;
    EXPECT_EQ(file_refusal(folder / name, kind, true), "accepted") << name;
    EXPECT_EQ(read_file(folder / name), "mine");
  }
  folder.put("a.json", "{\"run\": \"x\"}");
  EXPECT_EQ(file_refusal(folder / "a.json", OutputKind::kPreset), "accepted");
  folder.put("film.json", "{\"run\": \"x\"}");
  EXPECT_EQ(file_refusal(folder / "film.gif", OutputKind::kFilm), "accepted");
  folder.put("a.csv", csv_of({}) + "ddn,1,2,3,4,5\n");
  EXPECT_EQ(file_refusal(folder / "a.csv", OutputKind::kTable), "accepted");
  EXPECT_THAT(file_refusal(folder / "a.txt", OutputKind::kTable), HasSubstr("ends in .csv"));
}

TEST(FolderOutput, IsLookedAtBeforeWork) {
  const TemporaryFolder folder;
  const auto refused = [](const std::string& path) { return refusal([&] { check_folder_output(path); }); };
  EXPECT_EQ(refused(folder / "new/one"), "accepted");
  EXPECT_EQ(refused(folder.path()), "accepted");
  EXPECT_THAT(refused(""), HasSubstr("empty"));
  EXPECT_THAT(refused(folder.put("file", "x")), HasSubstr("it is a file"));
}

TEST(PageOutput, LeavesAnotherIndex) {
  const TemporaryFolder folder;
  const auto refused = [&](bool force) { return refusal([&] { check_page_output(folder.path(), force); }); };
  EXPECT_EQ(refused(false), "accepted");
  folder.put("index.html", "<html>mine</html>");
  EXPECT_THAT(refused(false), HasSubstr("index.html: stands there and is not steer's"));
  EXPECT_EQ(refused(true), "accepted");
  Report report;
  write_report(report, folder.path());
  EXPECT_EQ(refused(false), "accepted");
}

TEST(PictureOutput, IsWrittenAsItsNameSays) {
  const TemporaryFolder folder;
  write_picture(folder / "a.webp", torch::zeros({1, 4, 4}), {{"figures", 3}});
  EXPECT_EQ(read_file(folder / "a.webp").substr(8, 4), "WEBP");
  EXPECT_EQ(output_refusal(folder / "a.webp"), "accepted");
}

}  // namespace
}  // namespace steer

#include "steer/image/picture_names.h"

#include <gmock/gmock.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FileListing listing_of(const std::vector<std::string>& names) {
  FileListing listing;
  for (const std::string& name : names) listing.files.push_back({name, name});
  return listing;
}

PictureNames named(const std::vector<std::string>& names, const std::string& split = "train") {
  return picture_names("set", listing_of(names), split, 0);
}

std::vector<std::string> pictures(const PictureNames& names) {
  std::vector<std::string> all;
  for (const NamedPicture& one : names.pictures) all.push_back(joined(one.label, " ", one.file.name));
  return all;
}

TEST(PictureNames, SplitWordsOfTheEcosystem) {
  for (const char* word : {"train", "training", "Train", "TRAIN"}) EXPECT_EQ(split_of_word(word), "train");
  for (const char* word : {"test", "testing", "eval", "evaluation"}) EXPECT_EQ(split_of_word(word), "test");
  for (const char* word : {"val", "valid", "Validation", "dev"}) EXPECT_EQ(split_of_word(word), "validation");
  for (const char* word : {"", "trains", "cat"}) EXPECT_EQ(split_of_word(word), "");
}

TEST(PictureNames, ValidationStandsInForTest) {
  const std::vector<std::string> names = {"train/a/1.png", "train/b/2.png", "val/a/3.png", "val/c/4.png"};
  EXPECT_THAT(named(names).classes, ElementsAre("a", "b", "c"));
  EXPECT_THAT(pictures(named(names)), ElementsAre("0 train/a/1.png", "1 train/b/2.png"));
  EXPECT_EQ(named(names).split, "");
  for (const char* split : {"test", "validation"})
    EXPECT_THAT(pictures(named(names, split)), ElementsAre("0 val/a/3.png", "2 val/c/4.png")) << split;
  EXPECT_EQ(named(names, "test").split, "validation");
  EXPECT_THAT(refusal([] { named({"train/a/1.png"}, "test"); }), HasSubstr("pictures in test/"));
  EXPECT_THAT(refusal([] { named({"a/1.png"}, "test"); }), HasSubstr("split train takes them all"));
}

TEST(PictureNames, StrayPicturesAreSkippedBesideTwoSplits) {
  const PictureNames names = named({"docs/logo.png", "loose.png", "test/a/2.png", "train/a/1.png"});
  EXPECT_THAT(pictures(names), ElementsAre("0 train/a/1.png"));
  EXPECT_EQ(text_of(names.skipped), "skipped: 2 outside the splits (docs/logo.png)");
  // A class that is called train.
  EXPECT_THAT(named({"bus/1.png", "car/2.png", "train/3.png"}).classes, ElementsAre("bus", "car", "train"));
}

TEST(PictureNames, FoldersAroundEverythingAreLookedThrough) {
  for (const std::string around : {"", "set/", "a b/set/"}) {
    EXPECT_THAT(named({around + "ant/1.png", around + "bee/2.png"}).classes, ElementsAre("ant", "bee"));
    EXPECT_THAT(pictures(named({around + "test/ant/1.png", around + "train/bee/2.png"}, "test")),
                ElementsAre("0 " + around + "test/ant/1.png"));
  }
  EXPECT_THAT(named({"ant/1.png", "ant/2.png"}).classes, ElementsAre("ant"));
  EXPECT_THAT(pictures(named({"1.png", "2.png"})), ElementsAre("-1 1.png", "-1 2.png"));
}

TEST(PictureNames, OtherFilesAreCounted) {
  const PictureNames names = named({"a/1.png", "a/2.HEIC", "a/3.heic", "README", "b/4.JPG"});
  EXPECT_THAT(pictures(names), ElementsAre("0 a/1.png", "1 b/4.JPG"));
  EXPECT_EQ(text_of(names.skipped), "skipped: 2 .heic, 1 without an ending (README)");
  EXPECT_THAT(refusal([] { named({"a/1.heic"}); }), HasSubstr("got none; skipped: 1 .heic"));
  EXPECT_THAT(named({"a/1.png"}).skipped, IsEmpty());
}

}  // namespace
}  // namespace steer

#include "steer/image/datasets.h"

#include <gmock/gmock.h>

#include "steer/core/notice.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string flat_png(int value, int64_t height = 4, int64_t width = 4, int64_t channels = 1) {
  return encode_png(from_bytes(torch::full({channels, height, width}, value, torch::kUInt8)));
}

DataOptions at(const std::string& path, const std::string& split = "train") {
  DataOptions options;
  options.path = path;
  options.split = split;
  return options;
}

// The grey value of each image's middle.
std::vector<int> middles(const Dataset& data) {
  std::vector<int> values;
  for (int64_t i = 0; i < data.size(); ++i) {
    const Tensor image = to_bytes(data.batch({i}).data.x[0][0]);
    values.push_back(image[image.size(0) / 2][image.size(1) / 2].item<int>());
  }
  return values;
}

std::vector<int64_t> labels(const Dataset& data) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < data.size(); ++i) all.push_back(data.batch({i}).told.label.item<int64_t>());
  return all;
}

const std::vector<std::pair<std::string, std::string>> kPictures = {
    {"train/dog/b.png", flat_png(20)}, {"train/dog/a.PNG", flat_png(10)}, {"train/cat/z.png", flat_png(30)},
    {"train/cat/notes.txt", "no"},     {"test/dog/a.png", flat_png(40)},  {"test/.hidden.png", "no"}};

void expect_pictures(const std::string& path) {
  const auto train = make_image_dataset(at(path)), test = make_image_dataset(at(path, "test"));
  EXPECT_THAT(train->classes(), ElementsAre("cat", "dog"));
  EXPECT_THAT(middles(*train), ElementsAre(30, 10, 20));
  EXPECT_THAT(labels(*train), ElementsAre(0, 1, 1));
  EXPECT_THAT(middles(*test), ElementsAre(40));
  EXPECT_THAT(labels(*test), ElementsAre(1));
}

TEST(Datasets, PicturesComeFromFoldersAndArchivesAlike) {
  const TemporaryFolder folder;
  for (const auto& [name, bytes] : kPictures) folder.put("plain/" + name, bytes);
  expect_pictures(folder / "plain");
  for (const char* name : {"x.tar", "x.zip", "x.tar.gz"}) {
    write_archive(folder / name, kPictures);
    expect_pictures(folder / name);
  }
  std::filesystem::create_directory(folder / "lone");
  std::filesystem::rename(folder / "x.tar", folder / "lone/x.tar");
  folder.put("lone/README.md", "one archive");
  expect_pictures(folder / "lone");
  std::filesystem::rename(folder / "x.zip", folder / "lone/x.zip");
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "lone")); }),
              HasSubstr("expected one archive but got 2"));
}

TEST(Datasets, AnArchiveAmongPicturesIsLeftOut) {
  const TemporaryFolder folder;
  write_archive(folder / "x.tar", kPictures);
  folder.put("a.png", flat_png(5));
  EXPECT_THAT(middles(*make_image_dataset(at(folder.path()))), ElementsAre(5));
}

TEST(Datasets, AFolderAroundTheSplitsIsLookedThrough) {
  const TemporaryFolder folder;
  write_archive(folder / "x.tar", {{"top/train/a/1.png", flat_png(1)}, {"top/test/a/2.png", flat_png(2)}});
  EXPECT_THAT(middles(*make_image_dataset(at(folder / "x.tar", "test"))), ElementsAre(2));
}

TEST(Datasets, FlatFoldersHaveNoLabels) {
  const TemporaryFolder folder;
  folder.put("a.png", flat_png(5));
  folder.put("b.jpg", jpeg_bytes(std::vector<uint8_t>(16, 90), 4, 4, 1));
  const auto data = make_image_dataset(at(folder.path()));
  EXPECT_THAT(labels(*data), ElementsAre(-1, -1));
  EXPECT_TRUE(data->classes().empty());
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder.path(), "test")); }), HasSubstr("without a split"));
}

TEST(Datasets, WhatIsSkippedIsTold) {
  const TemporaryFolder folder;
  folder.put("a/1.png", flat_png(5));
  folder.put("a/cut.png", flat_png(6).substr(0, 40));
  folder.put("b/2.png", flat_png(7));
  folder.put("b/3.heic", "no");
  std::vector<std::string> told;
  const NoticesTo here([&](const std::string& line) { told.push_back(line); });
  const auto data = make_image_dataset(at(folder.path()));
  EXPECT_THAT(middles(*data), ElementsAre(5, 7));
  EXPECT_THAT(labels(*data), ElementsAre(0, 1));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0],
            folder.path() +
                ": 2 images in 2 classes; skipped: 1 .heic, 1 unreadable (a/cut.png: expected a whole "
                "PNG but got the end of the file)");
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "b", "test")); }), HasSubstr("split train"));
  std::filesystem::remove(folder / "a/1.png");
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "a")); }), HasSubstr("1 unreadable (cut.png"));
}

TEST(Datasets, LinkedPicturesAreOfTheClassTheyLieIn) {
  const TemporaryFolder folder;
  folder.put("all/1.png", flat_png(5));
  folder.put("all/2.png", flat_png(6));
  std::filesystem::create_directories(folder / "set/ant");
  std::filesystem::create_symlink("../../all/1.png", folder / "set/ant/1.png");
  std::filesystem::create_directory_symlink("../all", folder / "set/bee");
  const auto data = make_image_dataset(at(folder / "set"));
  EXPECT_THAT(data->classes(), ElementsAre("ant", "bee"));
  EXPECT_THAT(middles(*data), ElementsAre(5, 5, 6));
  EXPECT_THAT(labels(*data), ElementsAre(0, 1, 1));
}

TEST(Datasets, LimitTakesTheClassesInTurn) {
  const TemporaryFolder folder;
  for (int i = 0; i < 9; ++i) folder.put(joined("c", i % 3, "/", i, ".png"), flat_png(i));
  DataOptions options = at(folder.path());
  options.limit = 4;
  EXPECT_THAT(middles(*make_image_dataset(options)), ElementsAre(0, 1, 2, 3));
}

TEST(Datasets, PicturesOfSeveralShapesNeedASize) {
  const TemporaryFolder folder;
  folder.put("a.png", flat_png(50, 6, 9));
  folder.put("b.png", flat_png(60, 20, 30, 3));
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder.path())); }), HasSubstr("set size and channels"));
  DataOptions options = at(folder.path());
  options.size = 8;
  options.channels = 3;
  for (const char* fit : {"pad", "resize", "crop"}) {
    options.fit = fit;
    const auto data = make_image_dataset(options);
    EXPECT_EQ(data->space().sizes, (std::vector<int64_t>{3, 8, 8}));
    EXPECT_THAT(middles(*data), ElementsAre(50, 60)) << fit;
  }
}

TEST(Datasets, IdxIsPaddedToTheSize) {
  const TemporaryFolder folder;
  folder.put("t10k-images-idx3-ubyte", idx_bytes({2, 2, 2}, std::string(8, '\x64')));
  folder.put("t10k-labels-idx1-ubyte", idx_bytes({2}, {3, 1}));
  DataOptions options = at(folder.path(), "test");
  options.size = 4;
  options.channels = 3;
  options.limit = 1;
  const auto data = make_image_dataset(options);
  EXPECT_EQ(data->size(), 1);
  const Tensor bytes = to_bytes(data->batch({0}).data.x[0]).to(torch::kInt32);
  EXPECT_EQ(bytes.sum().item<int64_t>(), 3 * 4 * 100);
  EXPECT_EQ(bytes[2][1][1].item<int>(), 100);
}

std::string cifar_record(char label, char value) {
  return label + std::string(3072, value);
}

TEST(Datasets, CifarRecordsComeFromFolderAndArchive) {
  const TemporaryFolder folder;
  const std::string one = cifar_record(3, 'a') + cifar_record(9, 'b'), two = cifar_record(0, 'c'),
                    test = cifar_record(5, 'd');
  folder.put("plain/cifar-10-batches-bin/data_batch_2.bin", two);
  folder.put("plain/cifar-10-batches-bin/data_batch_1.bin", one);
  folder.put("plain/cifar-10-batches-bin/test_batch.bin", test);
  write_archive(folder / "c.tar.gz", {{"cifar-10-batches-bin/data_batch_1.bin", one},
                                      {"cifar-10-batches-bin/data_batch_2.bin", two},
                                      {"cifar-10-batches-bin/test_batch.bin", test}});
  for (const char* name : {"plain", "plain/cifar-10-batches-bin", "c.tar.gz"}) {
    const auto data = make_image_dataset(at(folder / name));
    EXPECT_EQ(data->space().sizes, (std::vector<int64_t>{3, 32, 32}));
    EXPECT_THAT(labels(*data), ElementsAre(3, 9, 0));
    EXPECT_THAT(middles(*data), ElementsAre('a', 'b', 'c'));
    EXPECT_THAT(labels(*make_image_dataset(at(folder / name, "test"))), ElementsAre(5));
  }
  folder.put("plain/cifar-10-batches-bin/test_batch.bin", test.substr(0, 3072));
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "plain", "test")); }),
              HasSubstr("records of 3073 bytes but got 3072"));
  folder.put("plain/cifar-10-batches-bin/test_batch.bin", cifar_record(10, 'x'));
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "plain", "test")); }),
              HasSubstr("labels of 0 to 9 but got 10"));
}

TEST(Datasets, ShapesSplitsDiffer) {
  DataOptions options = at("shapes");
  options.limit = 10;
  const auto train = make_image_dataset(options);
  options.split = "test";
  const auto test = make_image_dataset(options);
  EXPECT_EQ(train->size(), 10);
  EXPECT_EQ(train->space().sizes, (std::vector<int64_t>{3, 32, 32}));
  EXPECT_FALSE(torch::equal(train->batch({0}).data.x, test->batch({0}).data.x));
}

TEST(Datasets, ShapesTakeTheirLabelsAndRarityFromTheOptions) {
  DataOptions options = at("shapes");
  options.limit = 200;
  const Tensor plain = make_image_dataset(options)->batch({0, 1, 2, 3}).data.x;
  EXPECT_EQ(make_image_dataset(options)->classes().size(), 5u);
  options.labels = "hue";
  EXPECT_EQ(make_image_dataset(options)->classes().size(), 6u);
  options.rare = "red disc";
  options.rare_share = 0;
  options.labels = "both";
  EXPECT_THAT(labels(*make_image_dataset(options)), testing::Each(testing::Gt(0)));
  EXPECT_TRUE(torch::equal(make_image_dataset(at("shapes:both"))->batch({0, 1, 2, 3}).data.x, plain));
  EXPECT_EQ(make_image_dataset(at("shapes:both"))->classes().size(), 30u);
  EXPECT_THAT(refusal([&] { make_image_dataset(at("shapes:colour")); }), HasSubstr("kind, hue, both"));
  const TemporaryFolder folder;
  folder.put("a.png", flat_png(5));
  options.path = folder.path();
  EXPECT_THAT(refusal([&] { make_image_dataset(options); }), HasSubstr("shapes alone"));
}

TEST(Datasets, BrokenOnesAreRefusedInOneLine) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "absent")); }), HasSubstr("no such path"));
  EXPECT_THAT(refusal([&] { make_image_dataset(at("")); }), HasSubstr("path"));
  EXPECT_THAT(refusal([&] { make_image_dataset(at("shapes", "validation")); }),
              HasSubstr("but got validation"));
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder.path())); }), HasSubstr("but got none"));
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder.put("x.txt", "text"))); }), HasSubstr("tar or zip"));
  write_archive(folder / "empty.tar", {});
  EXPECT_THAT(refusal([&] { make_image_dataset(at(folder / "empty.tar")); }), HasSubstr("but got none"));
  const std::string png = flat_png(7);
  folder.put("cut/b/a.png", png.substr(0, png.size() / 2));
  folder.put("cut/a/a.png", png);
  std::vector<std::string> told;
  const NoticesTo here([&](const std::string& line) { told.push_back(line); });
  EXPECT_EQ(make_image_dataset(at(folder / "cut"))->size(), 1);
  write_archive(folder / "cut.tar", {{"a/a.png", png}, {"b/a.png", png.substr(0, png.size() / 2)}});
  EXPECT_EQ(make_image_dataset(at(folder / "cut.tar"))->size(), 1);
  EXPECT_THAT(told, testing::Each(HasSubstr("1 unreadable (b/a.png: expected a whole PNG")));
  DataOptions options = at(folder / "cut");
  options.fit = "stretch";
  EXPECT_THAT(refusal([&] { make_image_dataset(options); }),
              HasSubstr("pad, resize or crop but got stretch"));
}

TEST(Datasets, MoreThanFitsIntoMemoryIsRefused) {
  const TemporaryFolder folder;
  for (int i = 0; i < 200; ++i) folder.put(joined(i, ".png"), flat_png(1));
  DataOptions options = at(folder.path());
  options.size = 4096;
  options.channels = 3;
  EXPECT_THAT(refusal([&] { make_image_dataset(options); }), HasSubstr("GiB"));
}

TEST(SharedData, MnistHasItsFirstLabels) {
  const std::string path = shared_data("mnist");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data/mnist beside the project";
  const auto train = make_image_dataset(at(path)), test = make_image_dataset(at(path, "test"));
  EXPECT_EQ(train->size(), 60000);
  EXPECT_EQ(test->size(), 10000);
  EXPECT_EQ(train->batch({0}).told.label.item<int64_t>(), 5);
  EXPECT_EQ(test->batch({0}).told.label.item<int64_t>(), 7);
}

TEST(SharedData, CifarIsReadOutOfItsTar) {
  const std::string path = shared_data("cifar10");
  if (path.empty()) GTEST_SKIP() << "no ../shared/data/cifar10 beside the project";
  const auto test = make_image_dataset(at(path, "test"));
  EXPECT_EQ(test->size(), 10000);
  EXPECT_EQ(test->space().sizes, (std::vector<int64_t>{3, 32, 32}));
  EXPECT_EQ(test->classes().size(), 10u);
  EXPECT_EQ(test->classes().front(), "airplane");
  EXPECT_EQ(make_image_dataset(at(path))->size(), 50000);
}

}  // namespace
}  // namespace steer

#include "steer/image/idx.h"

#include <gmock/gmock.h>

#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::HasSubstr;

std::string counting_bytes(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(i * 7);
  return bytes;
}

TEST(Idx, PlainAndPackedFilesGiveTheSameValues) {
  const TemporaryFolder folder;
  const std::string bytes = idx_bytes({2, 3, 4}, counting_bytes(24));
  const Tensor plain = read_idx(folder.put("a", bytes));
  write_gzip(folder / "a.gz", bytes);
  EXPECT_EQ(shape_text(plain.sizes()), "[2, 3, 4]");
  EXPECT_EQ(plain[1][2][3].item<int>(), 23 * 7);
  EXPECT_TRUE(torch::equal(read_idx(folder / "a.gz"), plain));
}

TEST(Idx, EveryCutIsRefused) {
  const TemporaryFolder folder;
  const std::string bytes = idx_bytes({2, 300}, counting_bytes(600));
  for (size_t length : {0, 3, 4, 9, 12, 13, 611})
    EXPECT_THAT(refusal([&] { read_idx(folder.put("a", bytes.substr(0, length))); }), HasSubstr("expected"))
        << length;
  EXPECT_THAT(refusal([&] { read_idx(folder.put("a", bytes.substr(0, 611))); }),
              HasSubstr("expected 600 values for dimensions [2, 300] but got 599"));
  write_gzip(folder / "whole.gz", bytes);
  const std::string packed = read_file(folder / "whole.gz");
  for (size_t length :
       {size_t{11}, packed.size() / 2, packed.size() - 9, packed.size() - 4, packed.size() - 1})
    EXPECT_NE(refusal([&] { read_idx(folder.put("a.gz", packed.substr(0, length))); }), "accepted") << length;
}

TEST(Idx, FilesThatSayOneThingAndHoldAnotherAreRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] {
                read_idx(folder.put("a", idx_bytes({2, 3}, counting_bytes(8))));
              }),
              HasSubstr("expected 6 values for dimensions [2, 3] but got 8"));
  EXPECT_THAT(refusal([&] { read_idx(folder.put("a", "PNG and so on")); }), HasSubstr("magic"));
  EXPECT_THAT(refusal([&] {
                read_idx(folder.put("a", idx_bytes({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "")));
              }),
              HasSubstr("at most 8 GiB"));
  EXPECT_THAT(refusal([&] { read_idx(folder / "absent"); }), HasSubstr("no such file"));
  // No memory is taken for what so small a file cannot hold, packed or not.
  const std::string vast = idx_bytes({0x40000000}, "x");
  EXPECT_THAT(refusal([&] { read_idx(folder.put("a", vast)); }), HasSubstr("but got a file of 9 bytes"));
  write_gzip(folder / "a.gz", vast);
  EXPECT_THAT(refusal([&] { read_idx(folder / "a.gz"); }),
              HasSubstr("values for dimensions [1073741824] but got"));
  EXPECT_THAT(refusal([&] { read_idx(folder.put("a", idx_bytes({4}, "abcd")), 3); }), HasSubstr("at most"));
}

TEST(Idx, FolderGivesItsSplits) {
  const TemporaryFolder folder;
  EXPECT_FALSE(holds_idx(folder.path()));
  folder.put("train-images-idx3-ubyte", idx_bytes({3, 2, 2}, counting_bytes(12)));
  folder.put("train-labels-idx1-ubyte", idx_bytes({3}, {2, 0, 1}));
  ASSERT_TRUE(holds_idx(folder.path()));
  const MemoryDataset data = read_idx_folder(folder.path(), "train");
  const Batch batch = data.batch({2, 0});
  EXPECT_EQ(shape_text(batch.data.x.sizes()), "[2, 1, 2, 2]");
  EXPECT_TRUE(torch::equal(batch.told.label, torch::tensor({int64_t{1}, int64_t{2}})));
  EXPECT_TRUE(torch::equal(
      batch.data.x, from_bytes(data.images().index_select(0, torch::tensor({int64_t{2}, int64_t{0}})))));
  EXPECT_EQ(data.classes(), (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_THAT(refusal([&] { read_idx_folder(folder.path(), "test"); }), HasSubstr("t10k-images"));
  EXPECT_THAT(refusal([&] { data.batch({3}); }), HasSubstr("below 3 but got 3"));
  folder.put("train-labels-idx1-ubyte", idx_bytes({2}, {2, 0}));
  EXPECT_THAT(refusal([&] { read_idx_folder(folder.path(), "train"); }),
              HasSubstr("expected 3 labels but got [2]"));
}

}  // namespace
}  // namespace steer

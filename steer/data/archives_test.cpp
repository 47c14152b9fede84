#include "steer/data/archives.h"

#include <gmock/gmock.h>

#include "steer/core/files.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::HasSubstr;

std::string noisy_bytes(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>((i * i * 2654435761u) >> 13);
  return bytes;
}

const std::vector<std::pair<std::string, std::string>> kFiles = {
    {"a/one.bin", noisy_bytes(700)}, {"a/two.bin", ""}, {"three.bin", noisy_bytes(100000)}};

void read_all(const std::string& path) {
  read_archive(
      path, [](const std::string&) { return true; }, [](const std::string&, const std::string&) {});
}

class Archives : public testing::TestWithParam<const char*> {};

TEST_P(Archives, GiveNamesAndBytesInOrder) {
  const TemporaryFolder folder;
  const std::string path = folder / joined("x.", GetParam());
  write_archive(path, kFiles);
  EXPECT_EQ(archive_names(path), (std::vector<std::string>{"a/one.bin", "a/two.bin", "three.bin"}));
  std::vector<std::pair<std::string, std::string>> read;
  read_archive(
      path, [](const std::string& name) { return name != "a/two.bin"; },
      [&](const std::string& name, std::string bytes) { read.emplace_back(name, bytes); });
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0], kFiles[0]);
  EXPECT_EQ(read[1], kFiles[2]);
}

TEST_P(Archives, CutAnywhereAreRefused) {
  const TemporaryFolder folder;
  const std::string whole = folder / joined("x.", GetParam());
  write_archive(whole, kFiles);
  const std::string bytes = read_file(whole);
  for (double share : {0.0, 0.004, 0.01, 0.3, 0.6, 0.9}) {
    const std::string cut =
        folder.put(joined("cut.", GetParam()), bytes.substr(0, static_cast<size_t>(share * bytes.size())));
    EXPECT_THAT(refusal([&] { read_all(cut); }), HasSubstr("cut.")) << share;
    EXPECT_NE(refusal([&] { archive_names(cut); }), "accepted") << share;
  }
}

TEST_P(Archives, WantedFilesAreUnpackedUpToALimit) {
  const TemporaryFolder folder;
  const std::string path = folder / joined("x.", GetParam());
  // Far more than its packed bytes.
  write_archive(path, {{"small", "abc"}, {"zeros", std::string(5000000, '\0')}});
  const auto read = [&](const std::string& wanted, int64_t most) {
    return refusal([&] {
      read_archive(
          path, [&](const std::string& name) { return name == wanted; },
          [&](const std::string&, const std::string& bytes) {
            EXPECT_LE(static_cast<int64_t>(bytes.size()), most);
          },
          most);
    });
  };
  EXPECT_EQ(read("small", 3), "accepted");
  EXPECT_EQ(read("zeros", 5000000), "accepted");
  EXPECT_THAT(read("zeros", 4999999), HasSubstr("x." + std::string(GetParam()) +
                                                ": zeros: expected a file of at most 4999999 bytes"));
  EXPECT_THAT(read("small", 2), HasSubstr("at most 2 bytes"));
}

INSTANTIATE_TEST_SUITE_P(All, Archives, testing::Values("tar", "tar.gz", "zip"), [](const auto& info) {
  return std::string(info.param) == "tar.gz" ? "tgz" : info.param;
});

TEST(Tar, CutBetweenTwoFilesIsRefused) {
  const TemporaryFolder folder;
  write_archive(folder / "x.tar", kFiles);
  const std::string bytes = read_file(folder / "x.tar");
  // After the header (512) and the padded contents (1,024) of the first file, and after the last file.
  for (size_t length : {1536, 2048, 2048 + 512 + 100352})
    EXPECT_THAT(refusal([&] { read_all(folder.put("cut.tar", bytes.substr(0, length))); }),
                HasSubstr("expected blocks of zeros"))
        << length;
  EXPECT_EQ(refusal([&] { read_all(folder.put("cut.tar", bytes.substr(0, 2048 + 512 + 100352 + 1024))); }),
            "accepted");
}

TEST(Tar, NamesThatClimbOutAreRefused) {
  const TemporaryFolder folder;
  write_archive(folder / "x.tar", {{"a/../../b", "1"}});
  EXPECT_THAT(refusal([&] { archive_names(folder / "x.tar"); }), HasSubstr("a/../../b"));
}

TEST(Archive, OtherFilesAreRefused) {
  const TemporaryFolder folder;
  EXPECT_NE(refusal([&] { archive_names(folder.put("x.tar", noisy_bytes(5000))); }), "accepted");
  EXPECT_NE(refusal([&] { archive_names(folder / "absent.tar"); }), "accepted");
  EXPECT_TRUE(is_archive_name("a.tgz") && is_archive_name("a.tar.gz") && is_archive_name("b/a.zip"));
  EXPECT_FALSE(is_archive_name("a.gz") || is_archive_name(".tar"));
}

}  // namespace
}  // namespace steer

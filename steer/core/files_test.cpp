#include "steer/core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

// While it lives, no file of this process grows past `bytes`: writing then fails as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_ = {};
};

int64_t names_in(const TemporaryFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

TEST(Files, ReadGivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  for (size_t size : {0, 1, 4095, 4096, 4097, 1000000}) {
    const std::string bytes(size, '\xfe');
    write_file(folder / "deep/er/x", bytes);
    EXPECT_EQ(read_file(folder / "deep/er/x"), bytes);
  }
  EXPECT_FALSE(read_file("/proc/self/status").empty());
}

TEST(Files, FaultsNameFileAndReason) {
  const TemporaryFolder folder;
  EXPECT_EQ(
      refusal([&] { read_file(folder / "none"); }),
      "[read_file] " + (folder / "none") + ": expected a readable file but got No such file or directory");
  EXPECT_THAT(refusal([&] { read_file(folder.path()); }), HasSubstr("but got a folder"));
  EXPECT_THAT(refusal([&] { write_file(folder.path(), "x"); }), HasSubstr("got a folder"));
  EXPECT_THAT(refusal([&] { write_file(folder / "new/", "x"); }), HasSubstr("got a folder"));
  EXPECT_THAT(refusal([&] { write_file("", "x"); }), HasSubstr("expected the name of a file"));
  write_file(folder / "file", "x");
  EXPECT_THAT(refusal([&] { write_file(folder / "file/x", "x"); }), HasSubstr("expected to make its folder"));
}

TEST(Files, AFullDiskLeavesTheOldFileAndNothingBeside) {
  const TemporaryFolder folder;
  write_file(folder / "x", "old");
  std::string text;
  {
    const FullDisk disk(1000);
    text = refusal([&] { write_file(folder / "x", std::string(5000, 'n')); });
  }
  EXPECT_EQ(text, "[write_file] " + (folder / "x") + ": expected to write it but got File too large");
  EXPECT_EQ(read_file(folder / "x"), "old");
  EXPECT_EQ(names_in(folder), 1);
  write_file(folder / "x", "new");
  EXPECT_EQ(read_file(folder / "x"), "new");
}

TEST(Files, DevicesAreWrittenToDirectly) {
  EXPECT_EQ(refusal([] { write_file("/dev/full", "x"); }),
            "[write_file] /dev/full: expected to write it but got No space left on device");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  write_file("/dev/null", "x");
}

TEST(Files, AbandonedWritesLeaveNothingAndOldOnesAreCleared) {
  const TemporaryFolder folder;
  { NewFile(folder / "x").write("half"); }
  EXPECT_EQ(names_in(folder), 0);
  // What a killed process left is taken over.
  append_line(folder / "x.steer-part", "left by a killed process, longer than the new bytes");
  write_file(folder / "x", "new");
  EXPECT_EQ(read_file(folder / "x"), "new");
  EXPECT_EQ(names_in(folder), 1);
}

TEST(Files, LeaveLinksOfTheNameOfTheirParts) {
  const TemporaryFolder folder;
  write_file(folder / "mine", "old");
  std::filesystem::create_symlink("mine", folder / "x.steer-part");
  EXPECT_THAT(refusal([&] { write_file(folder / "x", "new"); }), HasSubstr("x.steer-part"));
  EXPECT_EQ(read_file(folder / "mine"), "old");
}

TEST(Files, OnlyWhatEndsIsRead) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal([&] { read_file(folder / "pipe"); }),
            "[read_file] " + (folder / "pipe") + ": expected a regular file but got a named pipe");
  EXPECT_THAT(refusal([] { read_file("/dev/zero"); }), HasSubstr("but got a device"));
  EXPECT_THAT(refusal([&] { read_file(folder.path()); }), HasSubstr("but got a folder"));
  // More than any memory holds, of which the disk stores nothing.
  write_file(folder / "huge", "");
  ASSERT_EQ(::truncate((folder / "huge").c_str(), off_t{1} << 42), 0);
  EXPECT_THAT(refusal([&] { read_file(folder / "huge"); }), HasSubstr("File too large"));
  // What the shell's <(...) gives.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "text", 4), 4);
  ::close(ends[1]);
  EXPECT_EQ(read_file("/dev/fd/" + std::to_string(ends[0])), "text");
  ::close(ends[0]);
}

TEST(Files, LinksStayAndTheirTargetsChange) {
  const TemporaryFolder folder;
  write_file(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target"), "new");
}

TEST(Files, WritersOfOnePathWaitForEachOther) {
  const TemporaryFolder folder;
  std::vector<std::thread> writers;
  for (char letter : {'a', 'b', 'c', 'd'})
    writers.emplace_back([&folder, letter] {
      for (int i = 0; i < 10; ++i) write_file(folder / "x", std::string(100000, letter));
    });
  for (std::thread& writer : writers) writer.join();
  const std::string bytes = read_file(folder / "x");
  EXPECT_EQ(bytes, std::string(100000, bytes[0]));
  EXPECT_EQ(names_in(folder), 1);
}

TEST(AppendLine, AddsWholeLinesOnly) {
  const TemporaryFolder folder;
  append_line(folder / "deep/x", "one");
  append_line(folder / "deep/x", "two");
  EXPECT_THAT(refusal([&] { append_line(folder / "deep/x", "a\nb"); }), HasSubstr("line break"));
  std::string text;
  {
    const FullDisk disk(10);
    text = refusal([&] { append_line(folder / "deep/x", "three"); });
  }
  EXPECT_THAT(text, HasSubstr("expected to add a line but got File too large"));
  EXPECT_EQ(read_file(folder / "deep/x"), "one\ntwo\n");
}

TEST(LogFile, ResumesAtAStatedLengthInWholeLines) {
  const TemporaryFolder folder;
  int64_t length = 0;
  {
    LogFile log(folder / "run/log.jsonl", 0);
    log.write({{"step", 1}});
    length = log.size();
    log.write({{"step", 2}});
  }
  EXPECT_EQ(length, 11);
  { LogFile(folder / "run/log.jsonl", length).write({{"step", 5}}); }
  EXPECT_EQ(read_file(folder / "run/log.jsonl"), "{\"step\":1}\n{\"step\":5}\n");
  // A length within a line, or past the end, keeps the whole lines there are.
  EXPECT_EQ(LogFile(folder / "run/log.jsonl", 15).size(), 11);
  EXPECT_EQ(LogFile(folder / "run/log.jsonl", INT64_MAX).size(), 11);
  EXPECT_EQ(LogFile(folder / "run/log.jsonl", 0).size(), 0);
  EXPECT_EQ(read_file(folder / "run/log.jsonl"), "");
}

TEST(LogFile, AFullDiskTakesBackTheHalfLine) {
  const TemporaryFolder folder;
  LogFile log(folder / "log.jsonl", 0);
  log.write({{"step", 1}});
  std::string text;
  {
    const FullDisk disk(15);
    text = refusal([&] { log.write({{"step", 2}}); });
  }
  EXPECT_THAT(text, HasSubstr("expected to add a line but got File too large"));
  log.write({{"step", 3}});
  EXPECT_EQ(read_file(folder / "log.jsonl"), "{\"step\":1}\n{\"step\":3}\n");
}

}  // namespace
}  // namespace steer

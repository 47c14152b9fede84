#include "steer/core/folder_lock.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

TEST(FolderLock, HasOneHolderAtATime) {
  const TemporaryFolder folder;
  const std::string run = folder / "new/run";
  auto first = std::make_unique<FolderLock>(run);
  EXPECT_THAT(refusal([&] { FolderLock second(run); }),
              testing::HasSubstr("process " + std::to_string(getpid()) + " is at work"));
  const FolderLock elsewhere(folder / "other");
  first.reset();
  EXPECT_EQ(refusal([&] { FolderLock second(run); }), "accepted");
}

TEST(FolderLock, DiesWithItsProcess) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    new FolderLock(folder.path());
    _exit(0);  // without any destructor
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(refusal([&] { FolderLock after(folder.path()); }), "accepted");
}

TEST(FolderLock, RefusesWhatIsNoFolder) {
  const TemporaryFolder folder;
  folder.put("file", "text");
  EXPECT_THAT(refusal([&] { FolderLock none(folder / "file"); }), testing::HasSubstr("expected a folder"));
}

TEST(FileLock, HasOneHolderAtATimeAndLeavesTheFileBe) {
  const TemporaryFolder folder;
  const std::string path = folder.put("results", "mine");
  {
    const FileLock first(path);
    EXPECT_THAT(refusal([&] { FileLock second(path); }), testing::HasSubstr("another process is at work"));
    const FileLock elsewhere(folder / "others");
  }
  EXPECT_EQ(refusal([&] { FileLock after(path); }), "accepted");
  EXPECT_EQ(read_file(path), "mine");
  EXPECT_THAT(refusal([&] { FileLock none(folder.path()); }), testing::HasSubstr("expected a file"));
}

}  // namespace
}  // namespace steer

#include "steer/core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "steer/core/check.h"

namespace steer {
namespace {

// What the holder wrote: its process number.
std::string holder(int file) {
  char text[32] = {};
  const ssize_t count = pread(file, text, sizeof text - 1, 0);
  return count > 0 ? std::string(text, static_cast<size_t>(count)) : "unknown";
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = folder + "/.lock";
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  STEER_CHECK(file_ >= 0, "[run] ", folder, ": expected a folder to write to but got ", std::strerror(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string by = held ? holder(file_) : "";
    if (held) close(file_);
    STEER_CHECK(!held, "[run] ", folder, ": expected to write here alone but process ", by,
                " is at work; wait for it, or name another folder");
    return;
  }
  const std::string number = std::to_string(getpid());
  if (ftruncate(file_, 0) == 0 && pwrite(file_, number.data(), number.size(), 0) < 0) return;
}

FolderLock::~FolderLock() {
  close(file_);
}

FileLock::FileLock(const std::string& path) {
  file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  STEER_CHECK(file_ >= 0, "[lock] ", path, ": expected a file to write to but got ", std::strerror(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  close(file_);
  fail("[lock] ", path,
       ": expected to write here alone but another process is at work; wait for it, or name another file");
}

FileLock::~FileLock() {
  close(file_);
}

}  // namespace steer

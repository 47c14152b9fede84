#include "steer/core/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/machine.h"

namespace steer {
namespace {

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// Opens a file or returns -1 with errno; goes on after signals.
int opened(const std::string& path, int flags) {
  int file;
  do file = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  while (file < 0 && errno == EINTR);
  return file;
}

// Writes all bytes; returns 0 or the error.
int write_all(int file, std::string_view bytes) {
  constexpr size_t kAtOnce = size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), std::min(bytes.size(), kAtOnce));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

void make_parent(const std::string& path, const char* what) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (parent.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  STEER_CHECK(!error, "[", what, "] ", path, ": expected to make its folder but got ", error.message());
}

// Flushes a folder, so that a name put into it outlives a power cut. Some file systems cannot; they are left
// be.
int flush_folder(const std::string& folder) {
  const int file = opened(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (file < 0) return errno == EACCES ? 0 : errno;
  const int error = ::fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
  ::close(file);
  return error;
}

// Opens `temporary` for one writer. A writer that finished meanwhile has renamed or removed the file that was
// waited for; then the name is opened anew.
int opened_alone(const std::string& temporary) {
  while (true) {
    // A link of that name is somebody else's and leads to something of theirs.
    const int file = opened(temporary, O_WRONLY | O_CREAT | O_NOFOLLOW);
    if (file < 0) return -1;
    int locked;
    do locked = ::flock(file, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    struct stat held, named;
    const bool same = ::fstat(file, &held) == 0 && ::stat(temporary.c_str(), &named) == 0 &&
                      held.st_ino == named.st_ino && held.st_dev == named.st_dev;
    if (same && ::ftruncate(file, 0) == 0) return file;
    const int error = errno;
    ::close(file);
    errno = error;
    if (same) return -1;
  }
}

}  // namespace

std::string file_ending(std::string_view name) {
  const size_t dot = name.rfind('.'), slash = name.rfind('/');
  if (dot == name.npos || (slash != name.npos && dot < slash)) return "";
  std::string ending(name.substr(dot));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return ending;
}

void check_file_to_read(const std::string& path) {
  struct stat status = {};
  const int error = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
  STEER_CHECK(error == 0, "[read_file] ", path, ": expected a readable file but got ", reason(error));
  if (S_ISREG(status.st_mode)) return;
  const bool held = path.rfind("/dev/", 0) == 0 || path.rfind("/proc/", 0) == 0;
  if (held && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))) return;
  fail("[read_file] ", path, ": expected a regular file but got ",
       S_ISDIR(status.st_mode)    ? "a folder"
       : S_ISFIFO(status.st_mode) ? "a named pipe"
       : S_ISCHR(status.st_mode)  ? "a device"
                                  : "something else");
}

std::string read_file(const std::string& path) {
  check_file_to_read(path);
  const int file = opened(path, O_RDONLY);
  STEER_CHECK(file >= 0, "[read_file] ", path, ": expected a readable file but got ", reason(errno));
  struct stat status = {};
  const size_t stated = ::fstat(file, &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
  // Asked once: many small files are read one after the other.
  static const size_t most = static_cast<size_t>(usable_memory()) / 2;
  std::string bytes;
  size_t size = 0;
  ssize_t got = 1;
  int error = stated > most ? EFBIG : 0;
  while (got != 0 && error == 0) {
    // One byte more than the stated size, so that the end is seen without another round.
    bytes.resize(std::max({size + 1, stated + 1, size * 3 / 2, size_t{4096}}));
    got = ::read(file, bytes.data() + size, bytes.size() - size);
    if (got > 0) size += static_cast<size_t>(got);
    if (got < 0 && errno != EINTR) error = errno;
    if (size > most) error = EFBIG;
  }
  ::close(file);
  STEER_CHECK(error == 0, "[read_file] ", path, ": expected a readable file but got ", reason(error));
  bytes.resize(size);
  return bytes;
}

void write_file(const std::string& path, std::string_view bytes) {
  NewFile file(path);
  file.write(bytes);
  file.commit();
}

void append_line(const std::string& path, std::string_view line) {
  STEER_CHECK(line.find('\n') == std::string_view::npos, "[append_line] ", path,
              ": expected one line but got a line break in it");
  make_parent(path, "append_line");
  const int file = opened(path, O_WRONLY | O_CREAT | O_APPEND);
  STEER_CHECK(file >= 0, "[append_line] ", path, ": expected a file to add to but got ", reason(errno));
  const off_t before = ::lseek(file, 0, SEEK_END);
  int error = write_all(file, std::string(line) + "\n");
  if (error != 0 && before >= 0 && ::ftruncate(file, before) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  STEER_CHECK(error == 0, "[append_line] ", path, ": expected to add a line but got ", reason(error));
}

NewFile::NewFile(const std::string& path) : path_(path), target_(path) {
  struct stat status;
  const bool exists = ::stat(path.c_str(), &status) == 0;
  STEER_CHECK(!path.empty() && path.back() != '/' && !(exists && S_ISDIR(status.st_mode)), "[write_file] ",
              path, ": expected the name of a file but got a folder");
  if (exists && !S_ISREG(status.st_mode)) {
    file_ = opened(path, O_WRONLY);
  } else {
    make_parent(path, "write_file");
    std::error_code ignored;
    const std::filesystem::path followed = std::filesystem::weakly_canonical(path, ignored);
    if (!followed.empty()) target_ = followed.string();
    temporary_ = target_ + ".steer-part";
    file_ = opened_alone(temporary_);
  }
  const int error = errno;
  STEER_CHECK(file_ >= 0, "[write_file] ", path_, ": expected to open ",
              temporary_.empty() ? "it" : temporary_, " but got ", reason(error));
}

NewFile::~NewFile() {
  discard();
}

void NewFile::discard() noexcept {
  if (file_ < 0) return;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  ::close(file_);
  file_ = -1;
}

void NewFile::write(std::string_view bytes) {
  STEER_CHECK(file_ >= 0, "[write_file] ", path_, ": expected a file in the making but got a finished one");
  const int error = write_all(file_, bytes);
  if (error != 0) discard();
  STEER_CHECK(error == 0, "[write_file] ", path_, ": expected to write it but got ", reason(error));
}

void NewFile::commit() {
  STEER_CHECK(file_ >= 0, "[write_file] ", path_, ": expected a file in the making but got a finished one");
  int error = 0;
  if (temporary_.empty()) {
    error = ::close(std::exchange(file_, -1)) != 0 ? errno : 0;
  } else {
    // Close reports on some file systems what fsync did not, so a second descriptor holds the lock until the
    // rename is done.
    const int lock = ::dup(file_);
    if (lock < 0 || ::fsync(file_) != 0) error = errno;
    if (lock >= 0 && ::close(std::exchange(file_, lock)) != 0 && error == 0) error = errno;
    if (error == 0 && ::rename(temporary_.c_str(), target_.c_str()) != 0) error = errno;
    if (error != 0) {
      discard();
    } else {
      ::close(std::exchange(file_, -1));
      error = flush_folder(std::filesystem::path(target_).parent_path().string());
    }
  }
  STEER_CHECK(error == 0, "[write_file] ", path_, ": expected to write it but got ", reason(error));
}

LogFile::LogFile(const std::string& path, int64_t keep_bytes) : path_(path) {
  make_parent(path, "log");
  // The log may be shorter than stated and end within a line after a power cut.
  std::string kept = std::filesystem::exists(path) && keep_bytes > 0 ? read_file(path) : "";
  kept.resize(std::min<size_t>(kept.size(), static_cast<size_t>(std::max<int64_t>(keep_bytes, 0))));
  size_ = static_cast<int64_t>(kept.rfind('\n') + 1);
  file_ = opened(path, O_WRONLY | O_CREAT);
  const bool ready = file_ >= 0 && ::ftruncate(file_, size_) == 0 && ::lseek(file_, size_, SEEK_SET) == size_;
  const int error = errno;
  if (!ready && file_ >= 0) ::close(file_);
  STEER_CHECK(ready, "[log] ", path, ": expected a file to write but got ", reason(error));
}

LogFile::~LogFile() {
  ::close(file_);
}

void LogFile::write(const Json& line) {
  const std::string text = json_text(line) + "\n";
  const int error = write_all(file_, text);
  if (error != 0) {
    const bool taken_back = ::ftruncate(file_, size_) == 0 && ::lseek(file_, size_, SEEK_SET) == size_;
    fail("[log] ", path_, ": expected to add a line but got ", reason(error),
         taken_back ? "" : ", and half of it stays");
  }
  size_ += static_cast<int64_t>(text.size());
}

}  // namespace steer

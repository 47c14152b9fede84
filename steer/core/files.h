// Whole files in and out: a written file appears under its name complete and flushed, or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "steer/core/json_fwd.h"

namespace steer {

// ".png" of "a/b.PNG": what a name ends in from its last dot on, in small letters; empty without one.
std::string file_ending(std::string_view name);

// Error unless something whole can be read from `path`: a regular file (or a link to one), or a pipe that the
// shell or the process already holds, under /dev or /proc. A pipe by name would wait for a writer, a device
// never ends.
void check_file_to_read(const std::string& path);

// The bytes of a file. Error where it cannot be read, and above what the machine's memory holds.
std::string read_file(const std::string& path);

// Puts `bytes` under `path`, atomically; missing folders are made. Whatever fails (a full disk as well), the
// file that stood there before is untouched and nothing is left beside it. A device or pipe is written to
// directly.
void write_file(const std::string& path, std::string_view bytes);

// Adds `line`, which has no line break, and a line break. A line that does not fit is taken back.
void append_line(const std::string& path, std::string_view line);

// A file in the making: parts are written to `path`.steer-part, which takes the place of `path` at commit().
// Without commit() nothing of it stays. Two writers of one path wait for each other.
class NewFile {
 public:
  // Error where `path` is a folder or cannot be written.
  explicit NewFile(const std::string& path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Adds bytes. Error where they do not fit, and after commit().
  void write(std::string_view bytes);
  // Flushes the file and puts it in the place of what stood there. Error, after which that stands there
  // still, where it cannot.
  void commit();

 private:
  void discard() noexcept;

  std::string path_;       // as the caller gave it, for messages
  std::string target_;     // with symbolic links followed
  std::string temporary_;  // empty: written directly
  int file_ = -1;
};

// A file of JSON lines that a resumed run carries on with.
class LogFile {
 public:
  // Keeps at most the first `keep_bytes` bytes of what is there, in whole lines, and goes on after them.
  LogFile(const std::string& path, int64_t keep_bytes);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Adds one line. On failure the file keeps its former length.
  void write(const Json& line);

  // Bytes so far; a later LogFile(path, size()) takes the log back to here.
  int64_t size() const { return size_; }

 private:
  std::string path_;
  int file_ = -1;
  int64_t size_ = 0;
};

}  // namespace steer

#include "steer/data/archives.h"

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <memory>

#include "steer/core/check.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxEntryBytes = int64_t{1} << 30;
constexpr int64_t kTarBlock = 512;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

std::string text_of(archive* from) {
  const char* const text = archive_error_string(from);
  std::string line = text ? text : "something else";
  return line.substr(0, line.find('\n'));
}

std::string contents(archive* from, const std::string& path, const std::string& name) {
  std::string bytes;
  std::string part(1 << 16, '\0');
  while (true) {
    const la_ssize_t got = archive_read_data(from, part.data(), part.size());
    STEER_CHECK(got >= 0, "[read_archive] ", path, ": expected the whole of ", name, " but got ",
                text_of(from));
    if (got == 0) return bytes;
    bytes.append(part, 0, static_cast<size_t>(got));
    STEER_CHECK(static_cast<int64_t>(bytes.size()) <= kMaxEntryBytes, "[read_archive] ", path,
                ": expected files of at most ", kMaxEntryBytes >> 30, " GiB but got a larger ", name);
  }
}

std::string name_of(archive_entry* entry, const std::string& path) {
  const char* const stored = archive_entry_pathname(entry);
  STEER_CHECK(stored, "[read_archive] ", path, ": expected names that can be read");
  const fs::path name = fs::path(stored).lexically_normal();
  STEER_CHECK(name.is_relative() && *name.begin() != "..", "[read_archive] ", path,
              ": expected names inside the archive but got ", stored);
  return name.generic_string();
}

}  // namespace

bool is_archive_name(std::string_view name) {
  return ends_with(name, ".tar") || ends_with(name, ".tar.gz") || ends_with(name, ".tgz") ||
         ends_with(name, ".zip");
}

std::vector<std::string> archive_names(const std::string& path) {
  std::vector<std::string> names;
  const auto note = [&](const std::string& name) {
    names.push_back(name);
    return false;
  };
  read_archive(path, note, [](const std::string&, const std::string&) {});
  return names;
}

void read_archive(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                  const std::function<void(const std::string&, std::string)>& take) {
  const std::unique_ptr<archive, int (*)(archive*)> owner(archive_read_new(), archive_read_free);
  archive* const from = owner.get();
  archive_read_support_filter_gzip(from);
  archive_read_support_format_tar(from);
  // Only the reader that starts from the directory at the end: a zip without it is cut off.
  archive_read_support_format_zip_seekable(from);
  STEER_CHECK(archive_read_open_filename(from, path.c_str(), 1 << 18) == ARCHIVE_OK, "[read_archive] ", path,
              ": expected a tar or zip archive but got ", text_of(from));
  int64_t before = 0;
  archive_entry* entry = nullptr;
  while (true) {
    const int code = archive_read_next_header(from, &entry);
    if (code == ARCHIVE_EOF) break;
    STEER_CHECK(code == ARCHIVE_OK || code == ARCHIVE_WARN, "[read_archive] ", path,
                ": expected a whole tar or zip archive but got ", text_of(from));
    if (archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry)) {
      const std::string name = name_of(entry, path);
      if (wanted(name)) take(name, contents(from, path, name));
    }
    STEER_CHECK(archive_read_data_skip(from) == ARCHIVE_OK, "[read_archive] ", path,
                ": expected a whole archive but got ", text_of(from));
    before = archive_filter_bytes(from, 0);
  }
  // A tar ends with blocks of zeros; libarchive takes one without them for whole, which would let a cut
  // between two files pass.
  const bool tar = (archive_format(from) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
  STEER_CHECK(!tar || archive_filter_bytes(from, 0) - before >= kTarBlock, "[read_archive] ", path,
              ": expected blocks of zeros at the end but got the end of the file");
}

}  // namespace steer

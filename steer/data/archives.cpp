#include "steer/data/archives.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/files.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kTarBlock = 512;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

std::string text_of(archive* from) {
  const char* const text = archive_error_string(from);
  std::string line = text ? text : "something else";
  return line.substr(0, line.find('\n'));
}

// The bytes of the entry that `from` stands at. What its header says of its size is believed only to refuse
// it, and to set room aside in one piece; what is unpacked is counted.
std::string contents(archive* from, archive_entry* entry, const std::string& where, int64_t most) {
  const auto check_size = [&](int64_t size) {
    STEER_CHECK(size <= most, "[read_archive] ", where, ": expected a file of at most ", most,
                " bytes but got a larger one");
  };
  constexpr int64_t kPart = 1 << 16, kBelieved = int64_t{64} << 20;
  std::string bytes;
  if (archive_entry_size_is_set(entry)) {
    check_size(archive_entry_size(entry));
    bytes.reserve(static_cast<size_t>(std::clamp<int64_t>(archive_entry_size(entry), 0, kBelieved)));
  }
  std::string part(static_cast<size_t>(kPart), '\0');
  while (true) {
    const la_ssize_t got = archive_read_data(from, part.data(), part.size());
    STEER_CHECK(got >= 0, "[read_archive] ", where, ": expected the whole file but got ", text_of(from));
    if (got == 0) return bytes;
    check_size(static_cast<int64_t>(bytes.size()) + got);
    bytes.append(part, 0, static_cast<size_t>(got));
  }
}

// libarchive reads names in the characters of the thread's locale: UTF-8 while this lives, whatever the
// program runs in.
class Utf8Names {
 public:
  Utf8Names()
      : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(utf8_ ? uselocale(utf8_) : nullptr) {}
  ~Utf8Names() {
    if (!utf8_) return;
    uselocale(before_);
    freelocale(utf8_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t utf8_, before_;
};

// libarchive knows a name in UTF-8 or, where it could not tell what the bytes mean, as they stand.
std::string text_in(const char* utf8, const char* stored) {
  return utf8 ? utf8 : stored ? stored : "";
}

std::string name_of(archive_entry* entry, const std::string& path) {
  const std::string stored = text_in(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
  STEER_CHECK(!stored.empty(), "[read_archive] ", path, ": expected names that can be read but one entry",
              " has none");
  const fs::path name = fs::path(stored).lexically_normal();
  STEER_CHECK(name.is_relative() && *name.begin() != "..", "[read_archive] ", path,
              ": expected names inside the archive but got ", stored);
  std::string text = name.generic_string();
  while (!text.empty() && text.back() == '/') text.pop_back();
  return text;
}

ArchiveEntry entry_of(archive_entry* entry, const std::string& path) {
  ArchiveEntry found{name_of(entry, path), ArchiveEntry::kOther, ""};
  const std::string hard = text_in(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry));
  if (!hard.empty()) {
    found.kind = ArchiveEntry::kHardLink;
    found.target = fs::path(hard).lexically_normal().generic_string();
  } else if (archive_entry_filetype(entry) == AE_IFLNK) {
    found.kind = ArchiveEntry::kLink;
    found.target = text_in(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
  } else if (archive_entry_filetype(entry) == AE_IFDIR) {
    found.kind = ArchiveEntry::kFolder;
  } else if (archive_entry_filetype(entry) == AE_IFREG) {
    found.kind = ArchiveEntry::kFile;
  }
  return found;
}

// Calls `visit(entry, from, stored)` for every entry of an archive that is whole.
void walk_archive(const std::string& path,
                  const std::function<void(const ArchiveEntry&, archive*, archive_entry*)>& visit) {
  check_file_to_read(path);
  const Utf8Names names;
  const std::unique_ptr<archive, int (*)(archive*)> owner(archive_read_new(), archive_read_free);
  archive* const from = owner.get();
  archive_read_support_filter_gzip(from);
  archive_read_support_format_tar(from);
  // Only the reader that starts from the directory at the end: a zip without it is cut off.
  archive_read_support_format_zip_seekable(from);
  STEER_CHECK(archive_read_open_filename(from, path.c_str(), 1 << 18) == ARCHIVE_OK, "[read_archive] ", path,
              ": expected a tar or zip archive but got ", text_of(from));
  int64_t before = 0, entries = 0, name_bytes = 0;
  archive_entry* entry = nullptr;
  while (true) {
    const int code = archive_read_next_header(from, &entry);
    if (code == ARCHIVE_EOF) break;
    STEER_CHECK(code == ARCHIVE_OK || code == ARCHIVE_WARN, "[read_archive] ", path,
                ": expected a whole tar or zip archive but got ", text_of(from));
    const ArchiveEntry found = entry_of(entry, path);
    name_bytes += static_cast<int64_t>(found.name.size() + found.target.size());
    STEER_CHECK(++entries <= kMaxArchiveEntries && name_bytes <= kMaxArchiveNameBytes, "[read_archive] ",
                path, ": expected at most ", kMaxArchiveEntries, " entries whose names take at most ",
                kMaxArchiveNameBytes >> 20, " MiB but got more");
    visit(found, from, entry);
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

}  // namespace

bool is_archive_name(std::string_view name) {
  return ends_with(name, ".tar") || ends_with(name, ".tar.gz") || ends_with(name, ".tgz") ||
         ends_with(name, ".zip");
}

std::vector<ArchiveEntry> archive_entries(const std::string& path) {
  std::vector<ArchiveEntry> entries;
  walk_archive(path, [&](const ArchiveEntry& entry, archive*, archive_entry*) { entries.push_back(entry); });
  return entries;
}

std::vector<std::string> archive_names(const std::string& path) {
  std::vector<std::string> names;
  for (const ArchiveEntry& entry : archive_entries(path))
    if (entry.kind == ArchiveEntry::kFile) names.push_back(entry.name);
  return names;
}

void read_archive(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                  const std::function<void(const std::string&, std::string)>& take, int64_t most) {
  walk_archive(path, [&](const ArchiveEntry& entry, archive* from, archive_entry* stored) {
    if (entry.kind == ArchiveEntry::kFile && wanted(entry.name))
      take(entry.name, contents(from, stored, path + ": " + entry.name, most));
  });
}

}  // namespace steer

// Reads tar and zip archives, the tar also packed with gzip.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace steer {

// Whether a file of this name is taken for an archive: .tar, .tar.gz, .tgz or .zip.
bool is_archive_name(std::string_view name);

// What stands under a name in an archive.
struct ArchiveEntry {
  enum Kind { kFile, kFolder, kLink, kHardLink, kOther };
  std::string name;  // without leading "./" and closing "/"
  Kind kind = kFile;
  std::string target;  // of a link: relative to the folder that it lies in; of a hard link: a name
};

// What is held of one archive in memory: so many entries and bytes of names, and of one file so many bytes
// unless a caller takes less.
constexpr int64_t kMaxArchiveEntries = 2000000;
constexpr int64_t kMaxArchiveNameBytes = int64_t{256} << 20;
constexpr int64_t kMaxArchivedFileBytes = int64_t{1} << 30;

// The entries of an archive, in its order. Throws for an archive that is cut off (of a tar, before its
// closing zeros), for names that are absolute or climb with "..", and for more entries or names than above.
std::vector<ArchiveEntry> archive_entries(const std::string& path);

// The names of the files among them.
std::vector<std::string> archive_names(const std::string& path);

// Calls `take(name, bytes)` for each file (kFile) whose name is `wanted`, in the archive's order. Throws as
// above, and for a wanted file of more than `most` bytes before more than these are unpacked.
void read_archive(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                  const std::function<void(const std::string&, std::string)>& take,
                  int64_t most = kMaxArchivedFileBytes);

}  // namespace steer

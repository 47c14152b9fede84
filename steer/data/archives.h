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

// The entries of an archive, in its order. Throws for an archive that is cut off (of a tar, before its
// closing zeros), and for names that are absolute or climb with "..".
std::vector<ArchiveEntry> archive_entries(const std::string& path);

// The names of the files among them.
std::vector<std::string> archive_names(const std::string& path);

// Calls `take(name, bytes)` for each file (kFile) whose name is `wanted`, in the archive's order. Throws as
// above, and for a file of more than 1 GiB.
void read_archive(const std::string& path, const std::function<bool(const std::string&)>& wanted,
                  const std::function<void(const std::string&, std::string)>& take);

}  // namespace steer

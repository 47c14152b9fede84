#include "steer/data/listing.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "steer/core/check.h"
#include "steer/data/archives.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr char kLoop[] = "link back to a folder around it";
constexpr char kNowhere[] = "link to nothing";
// As many links in a row as an operating system follows.
constexpr int kMostLinks = 40;
// Links to folders of links to folders make many names of few.
constexpr size_t kMostFiles = 10000000, kMostNameBytes = size_t{512} << 20;

void sort_by_name(std::vector<Listed>& files) {
  std::sort(files.begin(), files.end(), [](const Listed& a, const Listed& b) { return a.name < b.name; });
}

// Adds a file to a walk whose names take `bytes` so far.
void add_file(FileListing& listing, size_t& bytes, const std::string& name, const std::string& source) {
  STEER_CHECK(listing.files.size() < kMostFiles, "[data] ", name, ": expected at most ", kMostFiles,
              " files, links followed");
  bytes += name.size() + source.size();
  STEER_CHECK(bytes <= kMostNameBytes, "[data] ", name, ": expected names of at most ", kMostNameBytes >> 20,
              " MiB in all, links followed");
  listing.files.push_back({name, source});
}

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

class FolderWalk {
 public:
  explicit FolderWalk(const std::string& path) : root_(path) { walk(root_, ""); }
  FileListing listing;

 private:
  void walk(const fs::path& folder, const std::string& shown) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    if (error || around_.count(real)) return skip(shown, error ? kNowhere : kLoop);
    fs::directory_iterator entries(folder, error);
    if (error) return skip(shown, "unreadable folder");
    around_.insert(real);
    for (const auto& entry : entries) {
      const std::string name = entry.path().filename().string();
      if (name.front() != '.') visit(entry, below(shown, name));
    }
    around_.erase(real);
  }

  void visit(const fs::directory_entry& entry, const std::string& shown) {
    std::error_code error;
    const fs::file_status status = entry.status(error);  // of what a link leads to
    if (error.value() == ELOOP)
      skip(shown, kLoop);
    else if (status.type() == fs::file_type::not_found || error)
      skip(shown, kNowhere);
    else if (fs::is_directory(status))
      walk(entry.path(), shown);
    else if (fs::is_regular_file(status))
      add_file(listing, name_bytes_, shown, shown);
    else
      skip(shown, "no plain file");
  }

  void skip(const std::string& name, const std::string& reason) {
    listing.skipped.push_back({name, reason, ""});
  }

  fs::path root_;
  size_t name_bytes_ = 0;
  std::set<fs::path> around_;  // the folders on the way to where the walk is
};

// An archive's entries as a tree of folders, which the listing walks as FolderWalk walks a disk.
class ArchiveWalk {
 public:
  ArchiveWalk(const std::string& path, const std::vector<ArchiveEntry>& entries) {
    for (const ArchiveEntry& entry : entries) {
      const auto [at, added] = entries_.emplace(entry.name, entry);
      const bool folders = entry.kind == ArchiveEntry::kFolder && at->second.kind == entry.kind;
      STEER_CHECK(added || folders, "[read_archive] ", path, ": expected every name once but got ",
                  entry.name, " twice");
      hang(entry.name);
    }
    walk("", "");
  }
  FileListing listing;

 private:
  // Makes a name, and all folders on its way, known to the folder that holds it.
  void hang(std::string name) {
    while (!name.empty()) {
      const size_t slash = name.rfind('/');
      const std::string parent = slash == std::string::npos ? "" : name.substr(0, slash);
      if (!children_[parent].insert(name.substr(slash + 1)).second) return;
      name = parent;
    }
  }

  void walk(const std::string& folder, const std::string& shown) {
    if (!around_.insert(folder).second) return skip(shown, kLoop);
    for (const std::string& child : children_[folder])
      if (child.front() != '.') visit(below(folder, child), below(shown, child));
    around_.erase(folder);
  }

  void visit(const std::string& name, const std::string& shown) {
    int links = 0;
    const std::string real = resolved(name, links);
    const auto entry = entries_.find(real);
    if (links > kMostLinks)
      skip(shown, kLoop);
    else if (children_.count(real))
      walk(real, shown);
    else if (entry == entries_.end())
      skip(shown, kNowhere);
    else if (entry->second.kind == ArchiveEntry::kFile)
      add_file(listing, name_bytes_, shown, real);
    else if (entry->second.kind == ArchiveEntry::kOther)
      skip(shown, "no plain file");
  }

  // Where a name leads, through links in any of its parts; `links` counts them and ends above kMostLinks in a
  // loop. A target that climbs out of the archive is left as a name that no entry has.
  std::string resolved(const std::string& name, int& links) const {
    std::string way;
    for (const fs::path& part : fs::path(name)) {
      if (links > kMostLinks) return "";
      way = fs::path(below(way, part.string())).lexically_normal().generic_string();
      const auto entry = entries_.find(way);
      if (entry == entries_.end()) continue;
      const ArchiveEntry& found = entry->second;
      if (found.kind == ArchiveEntry::kHardLink)
        way = resolved(found.target, ++links);
      else if (found.kind == ArchiveEntry::kLink)
        way = resolved((fs::path(way).parent_path() / found.target).lexically_normal().generic_string(),
                       ++links);
    }
    if (way == ".") return "";
    return !way.empty() && way.back() == '/' ? way.substr(0, way.size() - 1) : way;
  }

  void skip(const std::string& name, const std::string& reason) {
    listing.skipped.push_back({name, reason, ""});
  }

  size_t name_bytes_ = 0;
  std::map<std::string, ArchiveEntry> entries_;
  std::map<std::string, std::set<std::string>> children_;  // of each folder
  std::set<std::string> around_;                           // the folders on the way to where the walk is
};

}  // namespace

FileListing folder_listing(const std::string& path) {
  STEER_CHECK(fs::is_directory(path), "[data] ", path, ": expected a folder");
  FolderWalk walk(path);
  sort_by_name(walk.listing.files);
  return std::move(walk.listing);
}

FileListing archive_listing(const std::string& path) {
  ArchiveWalk walk(path, archive_entries(path));
  sort_by_name(walk.listing.files);
  return std::move(walk.listing);
}

}  // namespace steer

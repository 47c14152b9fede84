#include "steer/core/shipped.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace steer {
namespace {

namespace fs = std::filesystem;

std::string& told_share() {
  static std::string folder;
  return folder;
}

// Folders that may hold `kind`, the first to be looked in first.
std::vector<fs::path> shares(const std::string& kind) {
  std::vector<fs::path> folders;
  if (const char* named = std::getenv("STEER_SHARE")) folders.push_back(fs::path(named) / kind);
  if (!told_share().empty()) folders.push_back(fs::path(told_share()) / kind);
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  if (none) return folders;
  folders.push_back(program.parent_path() / ".." / "share" / "steer" / kind);
  folders.push_back(program.parent_path() / ".." / kind);
  return folders;
}

}  // namespace

std::string found_or_shipped(const std::string& name, const std::string& kind, const std::string& ending) {
  std::error_code ignored;
  const bool bare = !name.empty() && name.find('/') == std::string::npos;
  if (!bare || fs::exists(name, ignored)) return name;
  for (const fs::path& folder : shares(kind))
    for (const std::string& file : {name, name + ending})
      if (fs::is_regular_file(folder / file, ignored)) return (folder / file).lexically_normal().string();
  return name;
}

void set_share(const std::string& folder) {
  told_share() = folder;
}

std::vector<std::string> shipped_names(const std::string& kind, const std::string& ending) {
  std::set<std::string> names;
  std::error_code ignored;
  for (const fs::path& folder : shares(kind))
    for (const auto& entry : fs::directory_iterator(folder, ignored))
      if (entry.path().extension() == ending) names.insert(entry.path().stem().string());
  return {names.begin(), names.end()};
}

}  // namespace steer

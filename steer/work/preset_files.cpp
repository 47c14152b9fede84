#include "steer/work/preset_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/shipped.h"

namespace steer {
namespace {

constexpr const char* kPresets = "models/presets";

// What the presets of a run are called before their dot; empty where it is no model that ships. A path into
// the folder of these models counts as its name does.
std::string shipped_stem(const std::string& run) {
  namespace fs = std::filesystem;
  const std::string stem = fs::path(run).stem().string();
  const std::string ships = found_or_shipped(stem, "models", ".safetensors");
  std::error_code ignored;
  return fs::equivalent(found_or_shipped(run, "models", ".safetensors"), ships, ignored) ? stem : "";
}

}  // namespace

std::vector<std::string> presets_of(const std::string& run) {
  std::vector<std::string> names;
  const std::string stem = shipped_stem(run);
  if (stem.empty()) return names;
  for (const std::string& file : shipped_names(kPresets, ".json"))
    if (file.rfind(stem + ".", 0) == 0) names.push_back(file.substr(stem.size() + 1));
  return names;
}

Json read_preset(const std::string& name, const std::string& run) {
  std::string path = name;
  if (!std::filesystem::exists(name)) {
    const std::vector<std::string> names = presets_of(run);
    const std::string ones =
        names.empty() ? "none ships for it" : fmt::format("that ships for it: {}", fmt::join(names, ", "));
    STEER_CHECK(among(name, names), "[preset] ", name,
                ": expected a file that steer search wrote, or a preset of ", run, " (", ones, ")");
    path = found_or_shipped(shipped_stem(run) + "." + name, kPresets, ".json");
  }
  const Json json = read_json_file(path);
  STEER_CHECK(json.is_object() && (json.contains("guidance") || json.contains("sampler")), "[preset] ", path,
              ": expected an object with guidance or sampler, as steer search writes");
  return json;
}

}  // namespace steer

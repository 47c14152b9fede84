#include "steer/work/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/picture/png_texts.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

// A twin of a former version has one of these.
constexpr const char* kTwinKeys[] = {"steer", "recipe", "run", "model"};

// The nearest folder around a path that exists.
fs::path folder_around(const fs::path& path) {
  fs::path folder = fs::absolute(path).parent_path();
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

bool steer_wrote_json(const std::string& path) {
  const Json json = Json::parse(read_file(path), nullptr, false);
  return !json.is_discarded() && is_twin(json);
}

// By the recipe inside, or by the twin beside it.
bool steer_wrote_picture(const std::string& path, const std::string& twin) {
  std::error_code ignored;
  if (fs::is_regular_file(twin, ignored) && steer_wrote_json(twin)) return true;
  try {
    const auto texts = decode_png_texts(read_file(path), path);
    return std::any_of(texts.begin(), texts.end(), [](const PngText& text) { return text.key == "steer"; });
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool is_twin(const Json& json) {
  return json.is_object() && std::any_of(std::begin(kTwinKeys), std::end(kTwinKeys),
                                         [&](const char* key) { return json.contains(key); });
}

void check_picture_output(const std::string& path, bool force) {
  std::error_code ignored;
  STEER_CHECK(!path.empty(), "[out] expected the name of a picture to write but got an empty one");
  STEER_CHECK(!fs::is_directory(path, ignored), "[out] ", path,
              ": expected a file to write but it is a folder");
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) return;  // a device or pipe
  STEER_CHECK(file_ending(path) == ".png" && fs::path(path).has_extension(), "[out] ", path,
              ": expected a name that ends in .png");
  const fs::path folder = folder_around(path);
  STEER_CHECK(fs::is_directory(folder, ignored) && access(folder.c_str(), W_OK | X_OK) == 0, "[out] ", path,
              ": expected a place to write to but ", folder.string(),
              fs::is_directory(folder, ignored) ? " may not be written to" : " is no folder");
  if (force) return;
  const std::string twin = fs::path(path).replace_extension(".json").string();
  STEER_CHECK(!fs::exists(twin, ignored) || steer_wrote_json(twin), "[out] ", twin,
              ": stands there and is not steer's, which writes it beside ", path,
              "; name another picture, or --force");
  STEER_CHECK(!fs::exists(path, ignored) || steer_wrote_picture(path, twin), "[out] ", path,
              ": stands there and is not steer's; name another picture, or --force");
}

}  // namespace steer

#include "steer/work/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "steer/codes/code_file.h"
#include "steer/codes/code_index.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/picture/picture_writing.h"
#include "steer/picture/png_texts.h"
#include "steer/work/pictures.h"
#include "steer/work/rate_curve.h"
#include "steer/work/report.h"

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
bool steer_wrote_picture(const std::string& path) {
  std::error_code ignored;
  if (fs::is_regular_file(twin_path(path), ignored) && steer_wrote_json(twin_path(path))) return true;
  try {
    const auto texts = decode_png_texts(read_file(path), path);
    return std::any_of(texts.begin(), texts.end(), [](const PngText& text) { return text.key == "steer"; });
  } catch (const Error&) {
    return false;
  }
}

// What is known of a kind of file.
struct OutputRule {
  OutputKind kind;
  const char* ending;  // that its names have; null: any
  bool with_twin;
  bool (*ours)(const std::string& path);
};

const OutputRule kOutputRules[] = {
    {OutputKind::kCodes, nullptr, false,
     [](const std::string& path) { return begins_codes(read_file(path)); }},
    {OutputKind::kIndex, nullptr, false,
     [](const std::string& path) { return begins_index(read_file(path)); }},
    {OutputKind::kPrior, ".safetensors", false,
     [](const std::string&) { return true; }},  // steer prior asks for --resume itself
    {OutputKind::kPreset, ".json", false, steer_wrote_json},
    {OutputKind::kTable, ".csv", false,
     [](const std::string& path) { return read_file(path).rfind(csv_of({}), 0) == 0; }},
    {OutputKind::kFilm, ".gif", true, steer_wrote_picture},
    {OutputKind::kChart, ".svg", true, steer_wrote_picture},
    {OutputKind::kSamples, nullptr, true, steer_wrote_picture},
    {OutputKind::kText, nullptr, false,
     [](const std::string& path) { return read_file(path).find("steer") != std::string::npos; }},
};

// Error where nothing can be put at `path`. False for a device or pipe, which takes anything.
bool check_place(const std::string& path) {
  std::error_code ignored;
  STEER_CHECK(!path.empty(), "[out] expected the name of a file to write but got an empty one");
  STEER_CHECK(!fs::is_directory(path, ignored), "[out] ", path,
              ": expected a file to write but it is a folder");
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) return false;
  const fs::path folder = folder_around(path);
  STEER_CHECK(fs::is_directory(folder, ignored) && access(folder.c_str(), W_OK | X_OK) == 0, "[out] ", path,
              ": expected a place to write to but ", folder.string(),
              fs::is_directory(folder, ignored) ? " may not be written to" : " is no folder");
  return true;
}

// The twin beside a path and what stands at the path itself.
void check_foreign(const std::string& path, bool with_twin, bool (*ours)(const std::string&)) {
  std::error_code ignored;
  const std::string twin = twin_path(path);
  STEER_CHECK(!with_twin || !fs::exists(twin, ignored) || steer_wrote_json(twin), "[out] ", twin,
              ": stands there and is not steer's, which writes it beside ", path,
              "; name another file, or --force");
  STEER_CHECK(!fs::exists(path, ignored) || ours(path), "[out] ", path,
              ": stands there and is not steer's; name another file, or --force");
}

}  // namespace

bool is_twin(const Json& json) {
  return json.is_object() && std::any_of(std::begin(kTwinKeys), std::end(kTwinKeys),
                                         [&](const char* key) { return json.contains(key); });
}

void check_picture_output(const std::string& path, bool force) {
  if (!check_place(path)) return;
  STEER_CHECK(is_written_picture_name(path) && fs::path(path).has_extension(), "[out] ", path,
              ": expected a name that ends in ", kPictureEndings);
  if (!force) check_foreign(path, true, steer_wrote_picture);
}

void check_file_output(const std::string& path, OutputKind kind, bool force) {
  const OutputRule& rule = *std::find_if(std::begin(kOutputRules), std::end(kOutputRules),
                                         [&](const OutputRule& each) { return each.kind == kind; });
  if (!check_place(path)) return;
  STEER_CHECK(!rule.ending || (file_ending(path) == rule.ending && fs::path(path).has_extension()), "[out] ",
              path, ": expected a name that ends in ", rule.ending ? rule.ending : "");
  if (!force) check_foreign(path, rule.with_twin, rule.ours);
}

void check_folder_output(const std::string& path) {
  std::error_code ignored;
  STEER_CHECK(!path.empty(), "[out] expected the name of a folder to write but got an empty one");
  STEER_CHECK(!fs::exists(path, ignored) || fs::is_directory(path, ignored), "[out] ", path,
              ": expected a folder to write to but it is a file");
  // Where the first file goes that is put into it.
  check_place((fs::path(path) / "file").string());
}

void check_page_output(const std::string& folder, bool force) {
  check_folder_output(folder);
  const std::string page = (fs::path(folder) / "index.html").string();
  std::error_code ignored;
  STEER_CHECK(force || !fs::exists(page, ignored) || is_report(read_file(page)), "[out] ", page,
              ": stands there and is not steer's; name another folder, or --force");
}

}  // namespace steer

#include "steer/serve/named_files.h"

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/options.h"
#include "steer/core/shipped.h"
#include "steer/modalities/objectives.h"
#include "steer/models/families.h"
#include "steer/models/models.h"
#include "steer/objectives/syntax.h"
#include "steer/work/preset_files.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 64;
constexpr const char* kUploadEndings[] = {".png",  ".jpg", ".jpeg", ".webp", ".txt", ".wav",
                                          ".flac", ".ogg", ".xyz",  ".sdf",  ".pdb"};

std::string checkpoint_of(const std::string& path) {
  const fs::path inside = fs::path(path) / "model.safetensors";
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? inside.string() : path;
}

std::string own_name(const std::string& path) {
  fs::path file = fs::path(path).lexically_normal();
  if (file.filename().empty()) file = file.parent_path();
  return file.extension() == ".safetensors" ? file.stem().string() : file.filename().string();
}

// "photo-2.png" for the second of a name.
std::string numbered(const std::string& name, int number) {
  if (number == 1) return name;
  const fs::path file = name;
  return file.stem().string() + "-" + std::to_string(number) + file.extension().string();
}

std::vector<std::string> keys(const std::map<std::string, std::string>& table) {
  std::vector<std::string> names;
  for (const auto& [name, path] : table) names.push_back(name);
  return names;
}

// The value of an argument that names a file, as its path.
std::string path_of(const Argument& argument, const Parameter& parameter, const NamedFiles& files,
                    const std::string& word) {
  if (among(argument.value, parameter.choices)) return argument.value;
  try {
    return parameter.type == ParameterType::kSample ? files.upload(argument.value)
                                                    : files.any(argument.value);
  } catch (const Error&) {
    fail("[objective] column ", argument.column, ": ", word, ": ", parameter.name, ": expected the name of ",
         parameter.type == ParameterType::kSample ? "an uploaded file"
                                                  : "a model, a guide or an uploaded file",
         " but got ", in_quotes(argument.value));
  }
}

void put_paths(Call& call, const Vocabulary& vocabulary, const NamedFiles& files, bool programs) {
  for (Call& term : call.terms) put_paths(term, vocabulary, files, programs);
  const Word* word = find_word(vocabulary, call.name);
  if (!word) return;  // said by whoever makes the objective
  STEER_CHECK(word->name != "program" || programs, "[objective] column ", call.column,
              ": expected no programs, which run with your rights; steer serve --allow-programs lets them");
  size_t place = 0;
  for (Argument& argument : call.arguments) {
    const Parameter* parameter = nullptr;
    if (argument.name.empty()) {
      for (size_t i = place; i < word->parameters.size() && !parameter; ++i)
        if (word->parameters[i].positional) parameter = &word->parameters[i], place = i + 1;
    } else {
      for (const Parameter& known : word->parameters)
        if (known.name == argument.name) parameter = &known;
    }
    if (parameter && (parameter->type == ParameterType::kFile || parameter->type == ParameterType::kSample))
      argument.value = path_of(argument, *parameter, files, call.name);
  }
}

}  // namespace

bool is_name(const std::string& text) {
  if (text.empty() || text.size() > kLongestName || text[0] == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

Json model_card(const std::string& name, const std::string& path) {
  const CheckpointHeader header = read_checkpoint_header(path);
  const auto said = [&](const char* key) {
    const auto at = header.metadata.find(key);
    return at == header.metadata.end() ? std::string() : at->second;
  };
  STEER_CHECK(said("format") == "steer" && among(said("family"), family_names()), "[serve] ", path,
              ": expected a model of steer's");
  Json card = {{"name", name}, {"family", said("family")}};
  // Files of earlier versions say of it only what their options mean.
  card["space"] = said("space").empty() ? options_json(load_model(path, torch::kCPU).model->space())
                                        : parse_json(said("space"), path);
  card["class_names"] = said("class_names").empty() ? Json::array() : parse_json(said("class_names"), path);
  card["images"] = said("images");
  card["settings"] = Json::array();
  for (const Family& family : families())
    if (family.named.name == said("family")) {
      card["meaning"] = family.named.meaning;
      for (const Named& setting : family.settings)
        card["settings"].push_back({{"name", setting.name}, {"meaning", setting.meaning}});
    }
  card["samples"] = !card["settings"].empty();
  card["presets"] = presets_of(path);
  return card;
}

NamedFiles::NamedFiles(std::string uploads) : uploads_(std::move(uploads)) {}

void NamedFiles::add_model(const std::string& path) {
  const std::string file = checkpoint_of(found_or_shipped(path, "models", ".safetensors"));
  STEER_CHECK(fs::exists(file), "[serve] ", path, ": expected a run folder or checkpoint file");
  const std::string own = own_name(path);
  STEER_CHECK(is_name(own), "[serve] ", path,
              ": expected a name of letters, digits, dots, minus and underscores");
  for (int number = 1;; ++number) {
    const std::string name = number == 1 ? own : own + "-" + std::to_string(number);
    if (models_.count(name) > 0) continue;
    cards_[name] = model_card(name, file);
    models_[name] = fs::absolute(file).lexically_normal().string();
    return;
  }
}

void NamedFiles::add_guide(const std::string& name, const std::string& path) {
  STEER_CHECK(is_name(name),
              "[serve] --guide: expected NAME=FILE with a name of letters, digits, dots, minus and ",
              "underscores but got ", in_quotes(name));
  STEER_CHECK(fs::exists(path), "[serve] --guide: ", path, ": expected a file");
  guides_[name] = fs::absolute(path).lexically_normal().string();
}

std::string NamedFiles::add_upload(const std::string& name, const std::string& bytes) {
  STEER_CHECK(is_name(name),
              "[serve] expected a name of letters, digits, dots, minus and underscores but got ",
              in_quotes(name));
  const std::string ending = file_ending(name);
  STEER_CHECK(
      std::find(std::begin(kUploadEndings), std::end(kUploadEndings), ending) != std::end(kUploadEndings),
      "[serve] ", name, ": expected a picture, a sound, a molecule or a text");
  for (int number = 1;; ++number) {
    const std::string given = numbered(name, number), path = (fs::path(uploads_) / given).string();
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      fs::create_directories(uploads_);
      write_file(path, bytes);
      return given;
    }
    if (read_file(path) == bytes) return given;
  }
}

std::vector<std::string> NamedFiles::guides() const {
  return keys(guides_);
}

std::vector<std::string> NamedFiles::uploads() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(uploads_, ignored))
    if (is_name(entry.path().filename().string())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string NamedFiles::model(const std::string& name) const {
  const auto at = models_.find(name);
  STEER_CHECK(at != models_.end(), "[serve] expected the name of a model but got ", in_quotes(name),
              did_you_mean(name, keys(models_)));
  return at->second;
}

std::string NamedFiles::guide(const std::string& name) const {
  const auto at = guides_.find(name);
  return at != guides_.end() ? at->second : model(name);
}

std::string NamedFiles::upload(const std::string& name) const {
  const std::string path = (fs::path(uploads_) / name).string();
  std::error_code ignored;
  STEER_CHECK(is_name(name) && fs::is_regular_file(path, ignored),
              "[serve] expected the name of an uploaded file but got ", in_quotes(name));
  return path;
}

std::string NamedFiles::any(const std::string& name) const {
  std::error_code ignored;
  if (is_name(name) && fs::is_regular_file(fs::path(uploads_) / name, ignored)) return upload(name);
  return guide(name);
}

std::string with_paths(const std::string& words, const std::string& kind, const NamedFiles& files,
                       bool programs) {
  const Vocabulary vocabulary = words_of(kind);
  std::string text;
  for (Call& call : parse_objective(words)) {
    put_paths(call, vocabulary, files, programs);
    text += weight_text(call.weight, text.empty()) + to_text(call);
  }
  return text;
}

}  // namespace steer

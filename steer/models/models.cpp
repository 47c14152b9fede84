#include "steer/models/models.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int kFormatVersion = 1;

std::string checkpoint_file(const std::string& run_or_file) {
  namespace fs = std::filesystem;
  STEER_CHECK(fs::exists(run_or_file), "[load] ", run_or_file,
              ": expected a run folder or a checkpoint file but there is nothing");
  if (!fs::is_directory(run_or_file)) return run_or_file;
  const std::string file = (fs::path(run_or_file) / "model.safetensors").string();
  STEER_CHECK(fs::exists(file), "[load] ", run_or_file,
              ": expected a run folder with model.safetensors but it has none");
  return file;
}

const std::string& entry(const Checkpoint& checkpoint, const std::string& key, const std::string& file) {
  const auto found = checkpoint.metadata.find(key);
  STEER_CHECK(found != checkpoint.metadata.end(), "[load] ", file,
              ": expected a checkpoint of steer but its metadata has no \"", key, "\"");
  return found->second;
}

double number(const Checkpoint& checkpoint, const std::string& key, const std::string& file) {
  const std::string& text = entry(checkpoint, key, file);
  size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  STEER_CHECK(used == text.size() && used > 0, "[load] ", file, ": expected a number as metadata \"", key,
              "\" but got \"", text, "\"");
  return value;
}

}  // namespace

void save_model(const std::string& path, Model& model, const TrainingState& state, const Ema* ema,
                torch::ScalarType stored) {
  Checkpoint checkpoint;
  checkpoint.tensors = module_tensors(model.module());
  if (ema)
    for (const auto& [name, shadow] : ema->shadows()) checkpoint.tensors[name] = shadow;
  for (auto& [name, tensor] : checkpoint.tensors)
    if (tensor.scalar_type() == torch::kFloat32) tensor = tensor.to(stored);
  checkpoint.metadata = {{"format", "steer"},
                         {"version", std::to_string(kFormatVersion)},
                         {"family", model.family()},
                         {"options", json_text(model.options())},
                         {"space", json_text(options_json(model.space()))},
                         {"images", std::to_string(state.images)},
                         {"steps", std::to_string(state.steps)},
                         {"seconds", std::to_string(state.seconds)}};
  if (!model.class_names().empty())
    checkpoint.metadata["class_names"] = class_names_json(model.class_names());
  write_checkpoint(path, checkpoint);
}

LoadedModel load_model(const std::string& run_or_file, torch::Device device) {
  const std::string file = checkpoint_file(run_or_file);
  const Checkpoint checkpoint = read_checkpoint(file);
  STEER_CHECK(entry(checkpoint, "format", file) == "steer", "[load] ", file,
              ": expected a checkpoint of steer but its format is \"", entry(checkpoint, "format", file),
              "\"");
  STEER_CHECK(number(checkpoint, "version", file) == kFormatVersion, "[load] ", file,
              ": expected format version ", kFormatVersion, " but got ", entry(checkpoint, "version", file));
  const Json options = Json::parse(entry(checkpoint, "options", file), nullptr, false);
  STEER_CHECK(options.is_object(), "[load] ", file, ": expected options as a JSON object in its metadata");
  LoadedModel loaded;
  loaded.path = file;
  const std::string& family = entry(checkpoint, "family", file);
  loaded.model = make_model(family, stored_options(family, options), 0);
  if (const auto space = checkpoint.metadata.find("space"); space != checkpoint.metadata.end()) {
    Space stored;
    read_options(stored, Json::parse(space->second, nullptr, false), file);
    STEER_CHECK(stored == loaded.model->space(), "[load] ", file, ": expected samples ",
                text_of(loaded.model->space()), ", as its options say, but its space is ", text_of(stored));
  }
  if (const auto names = checkpoint.metadata.find("class_names"); names != checkpoint.metadata.end())
    loaded.model->set_class_names(class_names_of(names->second));
  load_tensors(loaded.model->module(), checkpoint.tensors, joined("[load] ", file));
  loaded.model->module().to(device);
  loaded.state.images = static_cast<int64_t>(number(checkpoint, "images", file));
  loaded.state.steps = static_cast<int64_t>(number(checkpoint, "steps", file));
  loaded.state.seconds = number(checkpoint, "seconds", file);
  return loaded;
}

const Generator& as_generator(const LoadedModel& loaded, const std::string& command) {
  const auto* generator = dynamic_cast<const Generator*>(loaded.model.get());
  STEER_CHECK(generator, "[", command, "] ", loaded.path, ": expected a model that samples but got a ",
              loaded.model->family());
  return *generator;
}

const Codec& as_codec(const LoadedModel& loaded, const std::string& command) {
  const auto* generator = dynamic_cast<const Generator*>(loaded.model.get());
  const Codec* codec = generator ? generator->codec() : nullptr;
  STEER_CHECK(codec, "[", command, "] ", loaded.path,
              ": expected a model with codes, such as a ddn, but got a ", loaded.model->family(), " model");
  return *codec;
}

LoadedDdn as_ddn(LoadedModel loaded, const std::string& command) {
  auto* ddn = dynamic_cast<DdnModel*>(loaded.model.get());
  STEER_CHECK(ddn, "[", command, "] ", loaded.path, ": expected a ddn model but got a ",
              loaded.model->family(), " model");
  loaded.model.release();
  return {std::unique_ptr<DdnModel>(ddn), loaded.state};
}

DiffusionModel& as_diffusion(const LoadedModel& loaded, const std::string& command) {
  auto* diffusion = dynamic_cast<DiffusionModel*>(loaded.model.get());
  STEER_CHECK(diffusion, "[", command, "] ", loaded.path, ": expected a diffusion model but got a ",
              loaded.model->family(), " model");
  return *diffusion;
}

}  // namespace steer

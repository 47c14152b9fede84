#include "steer/models/models.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/metadata.h"
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

// The model with the options in a file, not yet with its weights. Refusals name the file.
std::unique_ptr<Model> model_in(const Checkpoint& checkpoint, const std::string& family, const Json& options,
                                const std::string& what) {
  Extent network;
  try {
    network = network_extent(family, options);
  } catch (const Error& error) {
    fail(what, ": ", error.what());
  }
  // Before anything is built: a few words could ask for more than there is memory.
  check_extent(checkpoint.tensors, network, what);
  try {
    return make_model(family, options, 0);
  } catch (const Error& error) {
    fail(what, ": ", error.what());
  }
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
  const std::string file = checkpoint_file(run_or_file), what = "[load] " + file;
  const Checkpoint checkpoint = read_checkpoint(file);
  STEER_CHECK(checkpoint.metadata.count("format"), what,
              ": expected a checkpoint of steer but its metadata has no \"format\"");
  const Metadata words(checkpoint.metadata, what);
  STEER_CHECK(words.text("format") == "steer", what, ": expected a checkpoint of steer but its format is ",
              in_quotes(words.text("format")));
  STEER_CHECK(words.number("version") == kFormatVersion, what, ": expected format version ", kFormatVersion,
              " but got ", in_quotes(words.text("version")));
  const std::string& family = words.text("family");
  const Json options = words.json("options");
  STEER_CHECK(options.is_object(), what, ": expected options as a JSON object in its metadata");
  LoadedModel loaded;
  loaded.path = file;
  loaded.model = model_in(checkpoint, family, stored_options(family, options), what);
  if (words.has("space")) {
    Space stored;
    read_options(stored, words.json("space"), file);
    STEER_CHECK(stored == loaded.model->space(), what, ": expected samples ", text_of(loaded.model->space()),
                ", as its options say, but its space is ", text_of(stored));
  }
  if (words.has("class_names"))
    loaded.model->set_class_names(class_names_of(checkpoint.metadata.at("class_names")));
  load_tensors(loaded.model->module(), checkpoint.tensors, what);
  loaded.model->module().to(device);
  loaded.state = {words.count("images"), words.count("steps"), words.number("seconds")};
  return loaded;
}

WeightsTaken take_weights(Model& model, const LoadedModel& from) {
  torch::NoGradGuard no_grad;
  const std::string what = "[init] " + from.path;
  const bool same = from.model->family() == model.family();
  const auto lent = same ? nullptr : from.model->lent_to(model.family());
  STEER_CHECK(same || lent, what, ": expected a ", model.family(), " model to begin from but got a ",
              from.model->family());
  const ClassNames &known = from.model->class_names(), &own_names = model.class_names();
  STEER_CHECK(known.empty() || own_names.empty() || known == own_names, what, ": expected the classes ",
              names_text(own_names), " but it was trained on ", names_text(known));
  WeightsTaken taken;
  std::map<std::string, Tensor> theirs, mine;
  for (auto& [name, tensor] : module_tensors(from.model->module())) {
    if (same)
      theirs[name] = model.begun_with(name, tensor, *from.model);
    else
      theirs[lent->prefix + name] = tensor;
  }
  std::map<std::string, std::vector<int64_t>> shapes;
  for (auto& [name, tensor] : module_tensors(model.module())) {
    if (!theirs.count(name)) {
      taken.fresh.push_back(name);
      continue;
    }
    shapes[name] = tensor.sizes().vec();
    mine[name] = tensor;
  }
  STEER_CHECK(!mine.empty(), what, ": none of its ", theirs.size(), " tensors has a place in the model");
  for (auto each = theirs.begin(); each != theirs.end();) {
    const bool has_place = mine.count(each->first) > 0;
    if (!has_place) taken.left.push_back(each->first);
    each = has_place ? std::next(each) : theirs.erase(each);
  }
  check_tensors(theirs, shapes, what);
  for (auto& [name, tensor] : mine) tensor.copy_(theirs.at(name));
  return taken;
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

const Codec& as_codec_of_numbers(const LoadedModel& loaded, const std::string& command) {
  const Codec& codec = as_codec(loaded, command);
  STEER_CHECK(
      codec.space().vocabulary == 0, "[", command, "] ", loaded.path,
      ": expected a model of images or points but got one of texts, which encode, decode and tree take");
  return codec;
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

#include "steer/models/diffusers.h"

#include <filesystem>
#include <set>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/nn/module_tensors.h"
#include "steer/nn/unet.h"

namespace steer {
namespace {

const std::string kWeights = "diffusion_pytorch_model";

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// The file in one of the library's two places.
std::string file_in(const std::string& folder, const std::string& inner, const std::string& name) {
  const std::string nested = folder + "/" + inner + "/" + name, flat = folder + "/" + name;
  if (exists(nested)) return nested;
  STEER_CHECK(exists(flat), "[diffusers] ", folder, ": expected ", name, " there or in its folder ", inner,
              " but got neither");
  return flat;
}

// The parts that an index lists; they lie beside it.
std::set<std::string> parts_in(const std::string& index) {
  const Json json = read_json_file(index);
  STEER_CHECK(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(),
              "[diffusers] ", index, ": expected an object weight_map");
  std::set<std::string> parts;
  for (const auto& [tensor, part] : json["weight_map"].items()) {
    STEER_CHECK(part.is_string(), "[diffusers] ", index, ": ", in_quotes(tensor), ": expected a file's name");
    const std::string name = part.get<std::string>();
    STEER_CHECK(name.find('/') == std::string::npos && name.find('\0') == std::string::npos, "[diffusers] ",
                index, ": ", in_quotes(tensor), ": expected a file beside it but got ", in_quotes(name));
    parts.insert(name);
  }
  return parts;
}

// All tensors in the weights beside `config`.
Tensors weights_beside(const std::string& config) {
  const std::string folder = config.substr(0, config.rfind('/') + 1), whole = kWeights + ".safetensors";
  if (exists(folder + whole)) return read_checkpoint(folder + whole).tensors;
  const std::string index = folder + whole + ".index.json";
  STEER_CHECK(exists(index) || !exists(folder + kWeights + ".bin"), "[diffusers] ", folder, ": expected ",
              whole, " but got ", kWeights,
              ".bin, which only Python reads; in Python, UNet2DModel.from_pretrained(...).save_pretrained("
              "FOLDER, safe_serialization=True) writes the other");
  STEER_CHECK(exists(index), "[diffusers] ", folder, ": expected ", whole, " but got no such file");
  Tensors all;
  for (const std::string& part : parts_in(index))
    for (const auto& [name, tensor] : read_checkpoint(folder + part).tensors)
      STEER_CHECK(all.emplace(name, tensor).second, "[diffusers] ", folder, part, ": ", name,
                  ": expected it once but got it in two parts");
  return all;
}

// Today's name of a tensor.
std::string present_name(const std::string& name) {
  static const std::map<std::string, std::string> kOlder = {
      {"query", "to_q"}, {"key", "to_k"}, {"value", "to_v"}, {"proj_attn", "to_out.0"}};
  if (name == "time_proj.W") return "time_proj.weight";
  const size_t last = name.rfind('.');
  if (last == std::string::npos || last == 0 || name.find("attentions.") == std::string::npos) return name;
  const size_t before = name.rfind('.', last - 1);
  if (before == std::string::npos) return name;
  const auto found = kOlder.find(name.substr(before + 1, last - before - 1));
  return found == kOlder.end() ? name : name.substr(0, before + 1) + found->second + name.substr(last);
}

// Under today's names, float32, and 1x1 convolutions of attention as matrices.
Tensors present_tensors(const Tensors& stored, const std::string& folder) {
  Tensors tensors;
  for (const auto& [stored_name, given] : stored) {
    const std::string name = present_name(stored_name);
    // Some files hold the frequencies under both of their names.
    if (stored_name == "time_proj.W" && stored.count(name)) continue;
    STEER_CHECK(given.is_floating_point(), "[diffusers] ", folder, ": ", stored_name,
                ": expected floating point numbers but got ", c10::toString(given.scalar_type()));
    Tensor tensor = given.to(torch::kFloat32);
    const bool projection = name.find(".to_") != std::string::npos;
    while (projection && tensor.dim() > 2 && tensor.size(-1) == 1) tensor = tensor.squeeze(-1);
    STEER_CHECK(tensors.emplace(name, tensor).second, "[diffusers] ", folder, ": ", name,
                ": expected it once but got it under its present and its older name");
  }
  return tensors;
}

void write_json(const std::string& path, const Json& json) {
  write_file(path, json.dump(2) + "\n");
}

}  // namespace

DiffusersModel read_diffusers(const std::string& folder) {
  STEER_CHECK(exists(folder), "[diffusers] ", folder, ": expected a folder but got nothing of that name");
  DiffusersModel model;
  const std::string config = file_in(folder, "unet", "config.json");
  const std::string schedule = file_in(folder, "scheduler", "scheduler_config.json");
  model.network = read_unet_config(read_json_file(config), config);
  model.schedule = read_schedule_config(read_json_file(schedule), schedule);
  model.tensors = present_tensors(weights_beside(config), folder);
  check_tensors(model.tensors, parameter_shapes(model.network), "[diffusers] " + folder);
  return model;
}

void write_diffusers(const std::string& folder, const DiffusersModel& model) {
  check_tensors(model.tensors, parameter_shapes(model.network), "[diffusers] " + folder);
  Checkpoint weights;
  for (const auto& [name, tensor] : model.tensors) weights.tensors[name] = tensor.to(torch::kFloat32);
  weights.metadata["format"] = "pt";
  write_checkpoint(folder + "/unet/" + kWeights + ".safetensors", weights);
  write_json(folder + "/unet/config.json", unet_config(model.network));
  write_json(folder + "/scheduler/scheduler_config.json", schedule_config(model.schedule));
  write_json(folder + "/model_index.json", {{"_class_name", "DDPMPipeline"},
                                            {"_diffusers_version", kDiffusersVersion},
                                            {"scheduler", Json::array({"diffusers", "DDPMScheduler"})},
                                            {"unet", Json::array({"diffusers", "UNet2DModel"})}});
}

}  // namespace steer

#include "steer/models/diffusers.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/models/diffusers_json.h"
#include "steer/models/diffusers_weights.h"
#include "steer/nn/module_tensors.h"
#include "steer/nn/unet.h"

namespace steer {
namespace {

const char* const kLabelDropout = "_steer_label_dropout";

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

double label_dropout_in(const Json& config, const UNetOptions& network, const std::string& file) {
  const auto found = config.find(kLabelDropout);
  if (found == config.end()) return 0;
  const double chance = found->is_number() ? found->get<double>() : -1;
  STEER_CHECK(chance >= 0 && chance < 1 && (chance == 0 || network.num_class_embeds > 1), "[diffusers] ",
              file, ": ", kLabelDropout,
              ": expected a chance from 0 up to but not 1 of a network of classes");
  return chance;
}

void write_json(const std::string& path, const Json& json) {
  write_file(path, json.dump(2) + "\n");
}

}  // namespace

DiffusersModel read_diffusers(const std::string& folder, const std::string& variant) {
  STEER_CHECK(exists(folder), "[diffusers] ", folder, ": expected a folder but got nothing of that name");
  DiffusersModel model;
  const std::string network = file_in(folder, "unet", "config.json");
  const std::string schedule = file_in(folder, "scheduler", "scheduler_config.json");
  const Json config = read_python_json(network);
  model.network = read_unet_config(config, network);
  model.label_dropout = label_dropout_in(config, model.network, network);
  model.schedule = read_schedule_config(read_python_json(schedule), schedule);
  model.tensors = read_diffusers_weights(network.substr(0, network.rfind('/') + 1), variant);
  check_tensors(model.tensors, parameter_shapes(model.network), "[diffusers] " + folder);
  return model;
}

void write_diffusers(const std::string& folder, const DiffusersModel& model) {
  check_tensors(model.tensors, parameter_shapes(model.network), "[diffusers] " + folder);
  Checkpoint weights;
  for (const auto& [name, tensor] : model.tensors) weights.tensors[name] = tensor.to(torch::kFloat32);
  weights.metadata["format"] = "pt";
  write_checkpoint(folder + "/unet/" + kDiffusersWeights + ".safetensors", weights);
  Json network = unet_config(model.network);
  if (model.label_dropout > 0) network[kLabelDropout] = model.label_dropout;
  write_json(folder + "/unet/config.json", network);
  const Json schedule = schedule_config(model.schedule);
  write_json(folder + "/scheduler/scheduler_config.json", schedule);
  const std::string index = folder + "/model_index.json";
  std::error_code ignored;
  std::filesystem::remove(index, ignored);  // an earlier one would name another scheduler
  if (model.schedule.kind == "edm") return;
  write_json(index, {{"_class_name", "DDPMPipeline"},
                     {"_diffusers_version", kDiffusersVersion},
                     {"scheduler", Json::array({"diffusers", schedule["_class_name"]})},
                     {"unet", Json::array({"diffusers", "UNet2DModel"})}});
}

}  // namespace steer

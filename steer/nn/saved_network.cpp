#include "steer/nn/saved_network.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/shipped.h"
#include "steer/core/tensors.h"
#include "steer/nn/classifier.h"
#include "steer/nn/family_checkpoint.h"
#include "steer/nn/initial_values.h"
#include "steer/nn/module_tensors.h"
#include "steer/nn/scripted.h"

namespace steer {
namespace {

// TorchScript files are zip archives.
bool is_zip(const std::string& path) {
  check_file_to_read(path);
  char head[4] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof head);
  return std::string(head, 4) == std::string("PK\x03\x04", 4);
}

enum class Output { kLogits, kFeatures };

SavedNetwork from_checkpoint(const std::string& path, torch::Device device, Output output) {
  const Checkpoint checkpoint = family_checkpoint(path, "classifier");
  ClassifierOptions options;
  read_options(options, network_options(checkpoint, path, "classifier"), path);
  check_extent(checkpoint.tensors, extent(options), "[classifier] " + path);
  const InitialValues values(0);  // all are read from the file
  Classifier network(options);
  load_tensors(*network, checkpoint.tensors, "[classifier] " + path);
  network->to(device);
  for (Tensor& parameter : network->parameters()) parameter.set_requires_grad(false);
  const auto forward = [network, output](const Tensor& x) {
    return output == Output::kLogits ? network->forward(x) : network->features(x);
  };
  return {forward, options.channels, options.size, path,
          class_names_of(metadata_word(checkpoint, "class_names"))};
}

SavedNetwork load_network(const std::string& name, torch::Device device, Output output) {
  namespace fs = std::filesystem;
  const std::string path = found_or_shipped(name, "models", ".safetensors");
  STEER_CHECK(fs::exists(path), "[classifier] ", path,
              ": expected a run folder, a checkpoint or a TorchScript file but there is nothing");
  if (fs::is_directory(path)) {
    const std::string file = (fs::path(path) / "model.safetensors").string();
    STEER_CHECK(fs::exists(file), "[classifier] ", path,
                ": expected a run folder with model.safetensors but it has none");
    return from_checkpoint(file, device, output);
  }
  if (!is_zip(path)) return from_checkpoint(path, device, output);
  const ScriptedNetwork script(path, device);
  const auto forward = [script, output](const Tensor& x) {
    const Tensor rows = script(x);
    return output == Output::kFeatures && rows.dim() > 2 ? rows.flatten(1) : rows;
  };
  return {forward, script.declared("channels", 0), script.declared("size", 0), path, {}};
}

}  // namespace

Tensor SavedNetwork::operator()(const Tensor& x) const {
  STEER_CHECK(x.dim() == 4, "[classifier] expected images [N, C, H, W] but got ", shape_text(x.sizes()));
  Tensor seen = x.to(torch::kFloat32);
  if (channels == 1 && seen.size(1) > 1) seen = seen.mean({1}, true);
  if (channels > 1 && seen.size(1) == 1) seen = seen.expand({-1, channels, -1, -1});
  if (size > 0 && (seen.size(2) != size || seen.size(3) != size)) {
    const bool area = (seen.size(2) >= size && seen.size(3) >= size) ||
                      (size % seen.size(2) == 0 && size % seen.size(3) == 0);
    seen = area ? area_resize(seen, size, size) : at::upsample_bilinear2d(seen, {size, size}, false);
  }
  const Tensor rows = network(seen);
  STEER_CHECK(rows.dim() == 2 && rows.size(0) == x.size(0) && rows.size(1) > 1, "[classifier] ", path,
              ": expected logits or features [", x.size(0), ", at least 2] but got ",
              shape_text(rows.sizes()));
  return rows.to(torch::kFloat32);
}

SavedNetwork load_classifier(const std::string& path, torch::Device device) {
  return load_network(path, device, Output::kLogits);
}

SavedNetwork load_features(const std::string& path, torch::Device device) {
  return load_network(path, device, Output::kFeatures);
}

}  // namespace steer

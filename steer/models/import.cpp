#include "steer/models/import.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/tensors.h"
#include "steer/ddn/parameter_shapes.h"
#include "steer/nn/initial_values.h"

namespace steer {
namespace {

constexpr int64_t kLargestSize = 4096;
const char* const kNodes = "ddo.multi_out_conv1x1.weight";
const char* const kStage = "ddn_seqen.0.";

bool begins_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// All but the buffers that hold no weights, without the prefix where a name has it.
Tensors weights_in(const std::string& file, const std::string& prefix) {
  Tensors weights;
  for (const auto& [name, tensor] : read_checkpoint(file).tensors) {
    if (ends_with(name, ".resample_filter") || ends_with(name, ".split_idxs")) continue;
    STEER_CHECK(tensor.is_floating_point(), "[import] ", file, ": ", name,
                ": expected floating point numbers but got ", c10::toString(tensor.scalar_type()));
    const std::string bare = begins_with(name, prefix) ? name.substr(prefix.size()) : name;
    STEER_CHECK(weights.emplace(bare, tensor).second, "[import] ", file, ": ", bare,
                ": expected it once but got it with and without the prefix ", prefix);
  }
  return weights;
}

// Size `axis` of a tensor of so many dimensions that the file must have.
int64_t side_of(const Tensors& weights, const std::string& file, const std::string& name, int64_t dimensions,
                int64_t axis) {
  const auto found = weights.find(name);
  STEER_CHECK(found != weights.end(), "[import] ", file, ": expected the tensor ", name,
              " of an official network but got ", weights.size(), " others");
  STEER_CHECK(found->second.dim() == dimensions, "[import] ", file, ": ", name, ": expected ", dimensions,
              " dimensions but got shape ", shape_text(found->second.sizes()));
  return found->second.size(axis);
}

int64_t candidates_in(const Tensors& weights, const std::string& file, const std::string& name,
                      int64_t image_channels) {
  const int64_t rows = side_of(weights, file, name, 4, 0);
  STEER_CHECK(rows > 0 && rows % image_channels == 0, "[import] ", file, ": ", name,
              ": expected a multiple of ", image_channels,
              " rows, one for each image channel of a node, but got ", rows);
  return rows / image_channels;
}

// The number of layers of each size; a layer's name is block_{N}x{N}_{i} or block_{N}x{N}_{i}_up.
std::map<int64_t, int64_t> layers_by_size(const Tensors& weights, const std::string& file) {
  std::map<int64_t, int64_t> layers;
  const int64_t most = static_cast<int64_t>(weights.size());
  for (const auto& [name, tensor] : weights) {
    int height = 0, width = 0, index = 0;
    if (std::sscanf(name.c_str(), "block_%5dx%5d_%5d", &height, &width, &index) != 3) continue;
    if (height < 1 || height > kLargestSize || height != width || index < 0 || index >= most) continue;
    int64_t& count = layers[height];
    count = std::max<int64_t>(count, index + 1);
  }
  STEER_CHECK(!layers.empty(), "[import] ", file,
              ": expected names such as block_1x1_0.block.conv0.weight but got none");
  return layers;
}

PyramidOptions pyramid_in(const Tensors& weights, const std::string& file, const ImportOptions& options) {
  PyramidOptions pyramid;
  pyramid.image_channels = options.image_channels;
  pyramid.residual = options.residual;
  pyramid.start = options.start;
  pyramid.widths.clear(), pyramid.layers.clear(), pyramid.candidates.clear();
  const auto layers = layers_by_size(weights, file);
  pyramid.start_size = layers.begin()->first;
  int64_t size = pyramid.start_size;
  for (const auto& [stored, count] : layers) {
    STEER_CHECK(stored == size, "[import] ", file, ": expected layers of size ", size, " but got size ",
                stored);
    const std::string layer =
        joined("block_", size, "x", size, "_0", size > pyramid.start_size ? "_up." : ".");
    const int64_t width = side_of(weights, file, layer + "block.conv0.weight", 4, 0);
    pyramid.leak = side_of(weights, file, layer + kNodes, 4, 1) < width;
    pyramid.widths.push_back(width);
    pyramid.layers.push_back(count);
    pyramid.candidates.push_back(candidates_in(weights, file, layer + kNodes, options.image_channels));
    size *= 2;
  }
  return pyramid;
}

RecurrentOptions recurrent_in(const Tensors& weights, const std::string& file, const ImportOptions& options) {
  RecurrentOptions recurrent;
  recurrent.repeats = options.repeats;
  recurrent.residual = false;
  recurrent.base = side_of(weights, file, "b1.0.conv1.weight", 4, 0);
  recurrent.image_channels = side_of(weights, file, "b1.0.conv1.weight", 4, 1);
  recurrent.size = side_of(weights, file, "b1.0.ln.weight", 3, 1);
  STEER_CHECK(recurrent.image_channels > 0, "[import] ", file,
              ": b1.0.conv1.weight: expected image channels but got shape ",
              shape_text(weights.at("b1.0.conv1.weight").sizes()));
  recurrent.candidates = candidates_in(weights, file, kNodes, recurrent.image_channels);
  return recurrent;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i ? ", " : "") + names[i];
  return names.size() > kShown ? joined(text, " and ", names.size() - kShown, " more") : text;
}

// The file must hold these tensors and no other. Checked before anything is built, so that a foreign file
// cannot ask for memory that it does not itself fill.
void check_shapes(const Tensors& weights, const std::vector<NamedShape>& expected, const std::string& prefix,
                  const std::string& file) {
  std::vector<std::string> missing, misshaped, unknown;
  std::map<std::string, bool> known;
  for (const NamedShape& each : expected) {
    const std::string name = begins_with(each.name, prefix) ? each.name.substr(prefix.size()) : each.name;
    known[name] = true;
    const auto found = weights.find(name);
    if (found == weights.end())
      missing.push_back(name);
    else if (found->second.sizes() != at::IntArrayRef(each.shape))
      misshaped.push_back(joined(name, " (expected ", shape_text(each.shape), " but got ",
                                 shape_text(found->second.sizes()), ")"));
  }
  for (const auto& [name, tensor] : weights)
    if (!known.count(name)) unknown.push_back(name);
  STEER_CHECK(missing.empty(), "[import] ", file, ": expected ", expected.size(),
              " tensors but these are missing: ", listed(missing));
  STEER_CHECK(misshaped.empty(), "[import] ", file, ": misshaped tensors: ", listed(misshaped));
  STEER_CHECK(unknown.empty(), "[import] ", file,
              ": tensors that belong to no part of the network: ", listed(unknown));
}

}  // namespace

std::unique_ptr<DdnModel> import_official(const std::string& file, const ImportOptions& options) {
  const bool pyramid = options.network == "pyramid";
  STEER_CHECK(pyramid || options.network == "recurrent",
              "[import] expected an official network, pyramid or recurrent, but got \"", options.network,
              "\"");
  STEER_CHECK(options.image_channels >= 1, "[import] expected at least one image channel but got ",
              options.image_channels);
  const std::string prefix = pyramid ? "model." : kStage;
  const Tensors weights = weights_in(file, prefix);
  DdnOptions ddn;
  ddn.network = options.network;
  ddn.condition = options.condition;
  if (pyramid) {
    ddn.pyramid = pyramid_in(weights, file, options);
    check_shapes(weights, parameter_shapes(ddn.pyramid), "", file);
  } else {
    ddn.recurrent = recurrent_in(weights, file, options);
    check_shapes(weights, parameter_shapes(ddn.recurrent), prefix, file);
  }
  const InitialValues values(0);  // all are read from the file
  auto model = std::make_unique<DdnModel>(ddn);
  torch::NoGradGuard no_grad;
  for (auto& item : model->module().named_parameters()) {
    const std::string& name = item.key();
    item.value().copy_(weights.at(pyramid ? name : name.substr(prefix.size())));
  }
  return model;
}

}  // namespace steer

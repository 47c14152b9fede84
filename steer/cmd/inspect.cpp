// steer inspect: what a run or a checkpoint holds.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "steer/cmd/command.h"
#include "steer/cmd/sampler.h"
#include "steer/core/check.h"
#include "steer/core/progress.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct InspectFlags {
  Common common;
  std::string path;
  bool tensors = false;
};

std::string type_name(torch::ScalarType type) {
  return c10::toString(type);
}

// Any safetensors file: its tensors and metadata.
int list_tensors(const InspectFlags& flags, const std::string& file) {
  const CheckpointHeader header = read_checkpoint_header(file);
  std::vector<std::vector<std::string>> rows = {{"tensor", "type", "shape"}};
  Json tensors = Json::object();
  int64_t values = 0;
  for (const auto& [name, entry] : header.tensors) {
    rows.push_back({name, type_name(entry.dtype), shape_text(entry.shape)});
    tensors[name] = {{"type", type_name(entry.dtype)}, {"shape", entry.shape}};
    int64_t count = 1;
    for (int64_t side : entry.shape) count *= side;
    values += count;
  }
  std::string text = table(rows) + fmt::format("{} tensors, {} values\n", header.tensors.size(), values);
  for (const auto& [key, value] : header.metadata) text += fmt::format("{}: {}\n", key, value);
  show(flags.common,
       {{"file", file}, {"tensors", tensors}, {"values", values}, {"metadata", header.metadata}}, text);
  return 0;
}

int inspect_ddn(const InspectFlags& flags, const DdnModel& model, const TrainingState& state,
                int64_t parameters) {
  const Network& network = model.network();
  const auto shapes = network.shapes();
  const auto layers = network.layers();
  std::vector<std::vector<std::string>> rows = {
      {"layer", "size", "features", "K", "bits", "reach", "busiest node", "idlest node"}};
  Json list = Json::array();
  for (size_t l = 0; l < shapes.size(); ++l) {
    const LayerShape& s = shapes[l];
    const torch::Tensor counts =
        layers[static_cast<size_t>(network.layer_of(static_cast<int64_t>(l)))]->counts;
    const double total = std::max(1.0, counts.sum().item<double>());
    const double high = counts.max().item<double>() / total * static_cast<double>(s.candidates);
    const double low = counts.min().item<double>() / total * static_cast<double>(s.candidates);
    rows.push_back({std::to_string(l + 1), fmt::format("{0}x{0}", s.size), std::to_string(s.features),
                    std::to_string(s.candidates), fmt::format("{:.1f}", std::log2(s.candidates)),
                    fmt::format("{0}x{0}", s.reach), fmt::format("{:.2f} x even", high),
                    fmt::format("{:.2f} x even", low)});
    list.push_back({{"size", s.size},
                    {"features", s.features},
                    {"candidates", s.candidates},
                    {"reach", s.reach},
                    {"busiest", high},
                    {"idlest", low}});
  }
  const ImageShape shape = model.shape();
  const Json figures = {{"path", flags.path},       {"family", model.family()},
                        {"parameters", parameters}, {"image", {shape.channels, shape.height, shape.width}},
                        {"layers", list},           {"latent_bits", network.latent_bits()},
                        {"images", state.images},   {"steps", state.steps},
                        {"seconds", state.seconds}, {"options", model.options()}};
  show(flags.common, figures,
       fmt::format("{} model, {} parameters, images {}x{}x{}, {} layers, {:.0f} latent bits\n"
                   "trained on {} images, {} steps, {}\n\n",
                   model.family(), parameters, shape.channels, shape.height, shape.width, shapes.size(),
                   network.latent_bits(), state.images, state.steps, duration_text(state.seconds)) +
           table(rows) +
           "\nreach: side of the square, in the layer's own pixels, of earlier outputs of the same size that "
           "a pixel sees;\n"
           "counts are of training, relative to an even use of all nodes.\n\noptions:\n" +
           model.options().dump(2) + "\n");
  return 0;
}

// A family without layers to list: its options, and what is its own.
int inspect_plain(const InspectFlags& flags, Model& model, const TrainingState& state, const Json& own,
                  const std::string& own_text) {
  const ImageShape shape = model.shape();
  Json figures = {{"path", flags.path},
                  {"family", model.family()},
                  {"parameters", model.parameter_count()},
                  {"image", {shape.channels, shape.height, shape.width}},
                  {"images", state.images},
                  {"steps", state.steps},
                  {"seconds", state.seconds},
                  {"options", model.options()}};
  figures.update(own);
  show(flags.common, figures,
       fmt::format("{} model, {} parameters, images {}x{}x{}, {}\n"
                   "trained on {} images, {} steps, {}\n\noptions:\n{}\n",
                   model.family(), model.parameter_count(), shape.channels, shape.height, shape.width,
                   own_text, state.images, state.steps, duration_text(state.seconds),
                   model.options().dump(2)));
  return 0;
}

int run_inspect(const InspectFlags& flags) {
  flags.common.start();
  if (!std::filesystem::is_directory(flags.path)) {
    STEER_CHECK(std::filesystem::exists(flags.path), "[inspect] ", flags.path,
                ": expected a run folder or a checkpoint file but there is nothing");
    const auto metadata = read_checkpoint_header(flags.path).metadata;
    const auto format = metadata.find("format");
    if (flags.tensors || format == metadata.end() || format->second != "steer")
      return list_tensors(flags, flags.path);
  } else if (flags.tensors) {
    return list_tensors(flags, flags.path + "/model.safetensors");
  }
  LoadedModel loaded = load_model(flags.path, torch::kCPU);
  if (const auto* classifier = dynamic_cast<ClassifierModel*>(loaded.model.get()))
    return inspect_plain(flags, *loaded.model, loaded.state, {{"classes", classifier->classes()}},
                         fmt::format("{} classes", classifier->classes()));
  if (const auto* diffusion = dynamic_cast<DiffusionModel*>(loaded.model.get()))
    return inspect_plain(
        flags, *loaded.model, loaded.state,
        {{"process", diffusion->process().type()}, {"prediction", diffusion->settings().prediction}},
        fmt::format("process {}, predicts {}, drawn by {}", diffusion->process().type(),
                    diffusion->settings().prediction, sampler_text(diffusion->sampler())));
  const int64_t parameters = loaded.model->parameter_count();
  const LoadedDdn ddn = as_ddn(std::move(loaded), "inspect");
  return inspect_ddn(flags, *ddn.model, ddn.state, parameters);
}

}  // namespace

void add_inspect(CLI::App& app, Run& run) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = app.add_subcommand(
      "inspect", "show layers, parameters, latent bits and options of a run or checkpoint");
  command->add_option("path", flags->path, "run folder, checkpoint, or any safetensors file")->required();
  command->add_flag("--tensors", flags->tensors, "list the tensors instead");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_inspect(*flags); }; });
}

}  // namespace steer

#include "steer/work/inspection.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/shipped.h"
#include "steer/picture/images.h"
#include "steer/work/preset_files.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

Json sizes_json(const std::vector<int64_t>& sizes) {
  return Json(sizes);
}

InspectedModel model_at(const std::string& path) {
  const LoadedModel loaded = load_model(path, torch::kCPU);
  Model& model = *loaded.model;
  return {model.family(), model.parameter_count(), model.space(),       model.facts(),
          loaded.state,   model.options(),         model.class_names(), presets_of(path)};
}

InspectedTensors tensors_in(const std::string& file) {
  InspectedTensors found;
  found.header = read_checkpoint_header(file);
  for (const auto& [name, entry] : found.header.tensors) {
    int64_t count = 1;
    for (const int64_t side : entry.shape) count *= side;
    found.values += count;
  }
  return found;
}

InspectedCodes codes_of(const CodeHeader& header, size_t bytes) {
  InspectedCodes found;
  found.header = header;
  for (const int64_t k : header.candidates) found.bits += std::log2(static_cast<double>(k));
  found.bytes = static_cast<int64_t>(bytes);
  return found;
}

InspectedIndex index_in(const std::string& bytes, const std::string& path) {
  const CodeIndex index = read_index(bytes, path);
  CodeHeader header;
  header.coder = index.codes.coder;
  header.fingerprint = index.codes.fingerprint;
  header.candidates = index.codes.candidates;
  header.codes = index.codes.code.size(0);
  return {index.data, index.split, index.fit, codes_of(header, bytes.size()),
          index.sketch.sizes().slice(1).vec()};
}

InspectedPrior prior_in(const std::string& path, const CheckpointHeader& header) {
  const Prior prior = read_prior(path);
  const auto training = header.metadata.find("figures");
  return {prior.model(),      prior.fingerprint(),
          prior.candidates(), prior.numbers().bias.size(1),
          prior.labels(),     training == header.metadata.end() ? "" : training->second};
}

// Of the texts one is ours.
InspectedPicture picture_in(const std::string& bytes, const std::string& path) {
  const Tensor picture = decode_bytes(bytes, path, 0);
  InspectedPicture found = {picture.size(0), picture.size(1), picture.size(2), {}, {}};
  for (PngText& text : decode_png_texts(bytes, path)) {
    if (text.key == kRecipeKey)
      found.recipe = parse_json(text.text, path);
    else
      found.texts.push_back(std::move(text));
  }
  return found;
}

Json inspected_figures(const InspectedModel& model) {
  Json figures = {{"family", model.family},
                  {"parameters", model.parameters},
                  {model.space.kind, sizes_json(model.space.sizes)}};
  figures.update(model.facts.figures);
  figures.update({{"images", model.state.images},
                  {"steps", model.state.steps},
                  {"seconds", model.state.seconds},
                  {"options", model.options}});
  if (!model.classes.empty()) figures["class_names"] = model.classes;
  if (!model.presets.empty()) figures["presets"] = model.presets;
  return figures;
}

Json inspected_figures(const InspectedTensors& found) {
  // Names are known to differ; to add by name would look at all of them each time.
  Json::object_t tensors;
  for (const auto& [name, entry] : found.header.tensors)
    tensors.emplace_back(name, Json{{"type", c10::toString(entry.dtype)}, {"shape", entry.shape}});
  return {{"tensors", tensors}, {"values", found.values}, {"metadata", found.header.metadata}};
}

Json inspected_figures(const InspectedCodes& found) {
  Json figures = {{"model", fingerprint_text(found.header.fingerprint)},
                  {"codes", found.header.codes},
                  {"layers", found.header.candidates.size()},
                  {"candidates", sizes_json(found.header.candidates)},
                  {"latent_bits", found.bits},
                  {"coder", name(found.header.coder)},
                  {"bytes", found.bytes}};
  if (found.header.coder == Coder::kPrior) figures["prior"] = fingerprint_text(found.header.prior);
  return figures;
}

Json inspected_figures(const InspectedIndex& found) {
  Json figures = {{"data", found.data}, {"split", found.split}, {"fit", found.fit}};
  figures.update(inspected_figures(found.codes));
  figures["sketch"] = sizes_json(found.sketch);
  return figures;
}

Json inspected_figures(const InspectedPrior& found) {
  return {{"model", fingerprint_text(found.model)},
          {"fingerprint", fingerprint_text(found.fingerprint)},
          {"layers", found.candidates.size()},
          {"candidates", sizes_json(found.candidates)},
          {"units", found.width},
          {"labels", found.labels},
          {"training", found.training}};
}

Json inspected_figures(const InspectedPicture& found) {
  Json texts = Json::object();
  for (const PngText& text : found.texts) texts[text.key] = text.text;
  Json figures = {
      {"width", found.width}, {"height", found.height}, {"channels", found.channels}, {"texts", texts}};
  if (!found.recipe.is_null()) figures["recipe"] = found.recipe;
  return figures;
}

std::string first_bytes(const std::string& path) {
  check_file_to_read(path);
  std::ifstream file(path, std::ios::binary);
  STEER_CHECK(file, "[inspect] ", path, ": expected a file that can be read");
  std::string bytes(8, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(file.gcount()));
  return bytes;
}

decltype(Inspection::what) found_in(const std::string& path, bool tensors) {
  STEER_CHECK(std::filesystem::exists(path), "[inspect] ", path,
              ": expected a run folder or a file but there is nothing");
  if (std::filesystem::is_directory(path)) {
    if (tensors) return tensors_in(path + "/model.safetensors");
    return model_at(path);
  }
  const std::string begin = first_bytes(path);
  if (begins_codes(begin)) {
    const std::string bytes = read_file(path);
    return codes_of(read_code_header(bytes, path), bytes.size());
  }
  if (begins_index(begin)) return index_in(read_file(path), path);
  if (begin.find("PNG") == 1) return picture_in(read_file(path), path);
  const CheckpointHeader header = read_checkpoint_header(path);
  const auto format = header.metadata.find("format");
  const std::string kind = tensors || format == header.metadata.end() ? "" : format->second;
  if (kind == "steer") return model_at(path);
  if (kind == "steer-prior") return prior_in(path, header);
  return tensors_in(path);
}

}  // namespace

Inspection inspect(const std::string& path, bool tensors) {
  Inspection found;
  found.path = found_or_shipped(path, "models", ".safetensors");
  found.what = found_in(found.path, tensors);
  // Of tensors the key says that it is a file.
  found.figures = {{std::holds_alternative<InspectedModel>(found.what) ? "path" : "file", found.path}};
  found.figures.update(std::visit([](const auto& what) { return inspected_figures(what); }, found.what));
  return found;
}

}  // namespace steer

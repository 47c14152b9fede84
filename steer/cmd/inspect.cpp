// steer inspect: what a run, a checkpoint or another file holds.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/cmd/command.h"
#include "steer/core/json.h"
#include "steer/core/progress.h"
#include "steer/core/tensors.h"
#include "steer/work/inspection.h"

namespace steer {
namespace {

struct InspectFlags {
  Common common;
  std::string path;
  bool tensors = false;
};

// Objects with the same keys, which are the head.
std::string layers_table(const Json& layers) {
  std::vector<std::vector<std::string>> rows = {{"layer"}};
  for (const auto& [key, value] : layers.front().items()) rows.front().push_back(key);
  for (const Json& layer : layers) {
    rows.push_back({std::to_string(rows.size())});
    for (const auto& [key, value] : layer.items())
      rows.back().push_back(value.is_number_float() ? fmt::format("{:.2f}", value.get<double>())
                                                    : json_text(value));
  }
  return table(rows);
}

// Options for people: of a long text, such as a tokenizer, the beginning and its length.
Json shortened(const Json& options) {
  constexpr size_t kLongest = 400;
  if (options.is_string() && options.get_ref<const std::string&>().size() > kLongest) {
    const std::string& text = options.get_ref<const std::string&>();
    return as_utf8(text.substr(0, kLongest / 4)) + fmt::format("... ({} characters)", text.size());
  }
  if (!options.is_structured()) return options;
  Json made = options;
  for (auto& each : made) each = shortened(each);
  return made;
}

std::string inspected_text(const InspectedModel& model) {
  std::string text = fmt::format("{} model, {} parameters, {}, {}\ntrained on {} samples, {} steps, {}\n\n",
                                 model.family, model.parameters, text_of(model.space), model.facts.text,
                                 model.state.images, model.state.steps, duration_text(model.state.seconds));
  if (!model.classes.empty()) {
    std::vector<std::vector<std::string>> rows = {{"class", "name"}};
    for (const std::string& name : model.classes) rows.push_back({std::to_string(rows.size() - 1), name});
    text += table(rows) + "\n";
  }
  if (!model.presets.empty())
    text += fmt::format("presets of guidance (--preset): {}\n\n", fmt::join(model.presets, ", "));
  const Json layers = model.facts.figures.value("layers", Json::array());
  if (!layers.empty()) text += layers_table(layers) + "\n" + model.facts.legend + "\n";
  return text + "options:\n" + json_text(shortened(model.options), 2) + "\n";
}

// A name as one cell of a table: a long one would make every line as long.
std::string cell_of(const std::string& name) {
  constexpr size_t kLongest = 120;
  return name.size() <= kLongest ? name : in_quotes(name);
}

std::string inspected_text(const InspectedTensors& found) {
  std::vector<std::vector<std::string>> rows = {{"tensor", "type", "shape"}};
  for (const auto& [name, entry] : found.header.tensors)
    rows.push_back({cell_of(name), c10::toString(entry.dtype), shape_text(entry.shape)});
  std::string text = table(rows) + fmt::format("{} tensors, {} values\n", rows.size() - 1, found.values);
  for (const auto& [key, value] : found.header.metadata) text += fmt::format("{}: {}\n", key, value);
  return text;
}

std::string inspected_text(const InspectedCodes& found) {
  const CodeHeader& header = found.header;
  std::string text = fmt::format(
      "{} codes of {} layers, {:.0f} latent bits each, of the model with fingerprint {}\n{} bytes, coder {}",
      header.codes, header.candidates.size(), found.bits, fingerprint_text(header.fingerprint), found.bytes,
      name(header.coder));
  if (header.coder == Coder::kPrior) text += " with fingerprint " + fingerprint_text(header.prior);
  return text + fmt::format("\ncandidates: {}\n", fmt::join(header.candidates, " "));
}

std::string inspected_text(const InspectedIndex& found) {
  return fmt::format("index of {}, split {}{}, sketches {}\n", found.data, found.split,
                     found.fit.empty() ? "" : ", fit " + found.fit, fmt::join(found.sketch, "x")) +
         inspected_text(found.codes);
}

std::string inspected_text(const InspectedPrior& found) {
  return fmt::format(
      "prior with fingerprint {} over codes of {} layers of the model with fingerprint {}, {} "
      "units{}\n{}{}",
      fingerprint_text(found.fingerprint), found.candidates.size(), fingerprint_text(found.model),
      found.width, found.labels > 0 ? fmt::format(", told one of {} labels", found.labels) : "",
      found.training, found.training.empty() ? "" : "\n");
}

std::string inspected_text(const InspectedPicture& found) {
  std::string text =
      fmt::format("PNG of {}x{} pixels, {} channels\n", found.width, found.height, found.channels);
  for (const PngText& some : found.texts) text += some.key + ": " + some.text + "\n";
  if (!found.recipe.is_null()) text += "recipe:\n" + json_text(found.recipe, 2) + "\n";
  return text;
}

int run_inspect(const InspectFlags& flags) {
  flags.common.start();
  const Inspection found = inspect(flags.path, flags.tensors);
  show(flags.common, found.figures,
       std::visit([](const auto& what) { return inspected_text(what); }, found.what));
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Run& run) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = app.add_subcommand(
      "inspect",
      "show what a run, a checkpoint, codes, an index, a prior or a picture holds: layers, parameters, "
      "latent bits, options, how it was made");
  command->add_option("path", flags->path, "run folder, or a file of ours: safetensors, codes, index, PNG")
      ->required();
  command->add_flag("--tensors", flags->tensors, "list the tensors instead");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_inspect(*flags); }; });
}

}  // namespace steer

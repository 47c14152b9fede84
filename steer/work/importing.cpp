#include "steer/work/importing.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/modalities/modalities.h"
#include "steer/models/text_import.h"
#include "steer/train/options.h"
#include "steer/work/outputs.h"

namespace steer {
namespace {

void check_new(const std::string& out) {
  check_folder_output(out);
  STEER_CHECK(!std::filesystem::exists(out + "/model.safetensors"), "[import] ", out,
              ": holds a run already; name another folder");
}

// The model with options as if it had been trained here.
Imported as_run(const std::string& out, Model& model) {
  RunOptions run;
  modality_of(model.space()).fitted(run.data, model.space());
  Json written = options_json(run);
  written["family"] = model.family();
  written[model.family()] = model.options();
  std::filesystem::create_directories(out);
  save_model(out + "/model.safetensors", model, {}, nullptr);
  write_file(out + "/options.json", json_text(written, 2) + "\n");
  Imported made = {out, model.parameter_count(), model.space(), model.facts(), {}};
  made.figures = {{"run", out}, {"parameters", made.parameters}, {made.space.kind, Json(made.space.sizes)}};
  return made;
}

}  // namespace

Imported import_weights(const std::string& weights, const ImportOptions& options, const std::string& out) {
  check_new(out);
  const auto model = import_official(weights, options);
  Imported made = as_run(out, *model);
  made.figures.update({{"weights", weights},
                       {"network", options.network},
                       {"layers", model->candidates().size()},
                       {"latent_bits", model->bits()},
                       {"condition", options.condition.type}});
  return made;
}

Imported import_folder(const std::string& diffusers, const DiffusersImport& options, const std::string& out) {
  check_new(out);
  const auto model = import_diffusers(diffusers, options);
  Imported made = as_run(out, *model);
  made.figures.update({{"folder", diffusers}, {"classes", model->needs().classes}});
  made.figures.update(made.facts.figures);
  return made;
}

Imported import_molecules(const std::string& weights, const EdmImport& options, const std::string& out) {
  check_new(out);
  const auto model = import_edm(weights, options);
  Imported made = as_run(out, *model);
  made.figures["weights"] = weights;
  made.figures.update(made.facts.figures);
  return made;
}

Imported import_transformer(const std::string& folder, const std::string& tokenizer, const std::string& out) {
  check_new(out);
  const auto model = import_text(folder, tokenizer);
  Imported made = as_run(out, *model);
  made.figures["folder"] = folder;
  made.figures.update(made.facts.figures);
  return made;
}

Json export_folder(const LoadedModel& loaded, const std::string& diffusers) {
  DiffusionModel& model = as_diffusion(loaded, "export");
  export_diffusers(diffusers, model);
  return {{"folder", diffusers}, {"parameters", model.parameter_count()}};
}

}  // namespace steer

// steer export: a model for other programs.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/models/diffusers_model.h"

namespace steer {
namespace {

struct ExportFlags {
  Common common;
  std::string run, diffusers;
};

int run_export(const ExportFlags& flags) {
  LoadedModel loaded = open_model(flags.common, flags.run, flags.common.start());
  DiffusionModel& model = as_diffusion(loaded, "export");
  export_diffusers(flags.diffusers, model);
  show(
      flags.common,
      {{"run", flags.run}, {"folder", flags.diffusers}, {"parameters", model.parameter_count()}},
      fmt::format("{}: model_index.json, unet/ and scheduler/ for the diffusers library\n", flags.diffusers));
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      app.add_subcommand("export", "write a diffusion model as the diffusers library reads it");
  command
      ->add_option("run", flags->run, "run folder or checkpoint file of a diffusion, process ddpm or cosine")
      ->required();
  command->add_option("--diffusers", flags->diffusers, "folder to write")->required();
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_export(*flags); }; });
}

}  // namespace steer

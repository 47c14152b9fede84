// steer export: a model for other programs.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/work/importing.h"
#include "steer/work/outputs.h"

namespace steer {
namespace {

struct ExportFlags {
  Common common;
  std::string run, diffusers;
};

int run_export(const ExportFlags& flags) {
  check_folder_output(flags.diffusers);
  Json figures = export_folder(opened(flags.run, flags.common.start()), flags.diffusers);
  figures["run"] = flags.run;
  show(flags.common, figures,
       fmt::format("{}: unet/ and scheduler/ for the diffusers library\n", flags.diffusers));
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      app.add_subcommand("export", "write a diffusion model as the diffusers library reads it");
  command
      ->add_option("run", flags->run,
                   "run folder or checkpoint file of a diffusion, process ddpm, cosine, edm or flow")
      ->required();
  command->add_option("--diffusers", flags->diffusers, "folder to write")->required();
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_export(*flags); }; });
}

}  // namespace steer

// steer tree: the first layers of a code as one recursive picture.
#include "steer/ddn/tree.h"

#include <fmt/format.h>

#include "steer/cmd/command.h"

namespace steer {
namespace {

struct Flags {
  Common common;
  std::string run, out = "tree.png";
  int64_t levels = 3, cell = 24;
};

int run_tree(const Flags& flags) {
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "tree");
  loaded.model->module().eval();
  const PrefixTree tree = prefix_tree(loaded.model->network(), flags.levels);
  int64_t prefixes = 0;
  for (const torch::Tensor& images : tree.images) prefixes += images.size(0);
  const Json figures = {{"run", flags.run},
                        {"out", flags.out},
                        {"levels", flags.levels},
                        {"branching", tree.branching},
                        {"prefixes", prefixes}};
  write_picture(flags.out, tree_picture(tree, flags.cell), figures);
  show(flags.common, figures,
       fmt::format("{} prefixes of {} levels, K = {}\n", prefixes, flags.levels, tree.branching));
  return 0;
}

}  // namespace

void add_tree(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("tree", "draw the codes of the first layers as a recursive picture");
  command
      ->add_option(
          "run", flags->run,
          "run folder or checkpoint file of a ddn whose first layers have one small K (8 makes nine-squares)")
      ->required();
  command->add_option("-o,--out", flags->out, "picture to write")->capture_default_str();
  command->add_option("--levels", flags->levels, "layers to draw")
      ->capture_default_str()
      ->check(CLI::Range(1, 12));
  command->add_option("--cell", flags->cell, "pixels of the last level's images")
      ->capture_default_str()
      ->check(CLI::Range(4, 512));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_tree(*flags); }; });
}

}  // namespace steer

// steer tree: the first layers of a code as one recursive picture.
#include "steer/ddn/tree.h"

#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"

namespace steer {
namespace {

struct TreeFlags {
  Common common;
  ConditionFlags condition;
  std::string run, fit, out = "tree.png";
  int64_t levels = 3, cell = 24;
};

int run_tree(const TreeFlags& flags) {
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "tree");
  const Told told = flags.condition.told(*loaded.model, 1, flags.fit);
  const PrefixTree tree = prefix_tree(loaded.model->network(), flags.levels, 4096,
                                      loaded.model->condition(told.label, told.image));
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
  auto flags = std::make_shared<TreeFlags>();
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
  flags->condition.add_to(command);
  command
      ->add_option("--fit", flags->fit, "condition images of another size: resize or pad (default: refused)")
      ->check(CLI::IsMember({"resize", "pad"}));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_tree(*flags); }; });
}

}  // namespace steer

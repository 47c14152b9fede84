// steer tree: the first layers of a code as one recursive picture.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/work/code_tree.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct TreeFlags {
  Common common;
  CodeTreeOptions options;
  std::string run, out = "tree.png";
};

int run_tree(const TreeFlags& flags) {
  check_picture_output(flags.out, flags.common.force);
  const LoadedModel loaded = opened(flags.run, flags.common.start());
  const CodeTree tree = code_tree(loaded, flags.options);
  Json figures = {{"run", flags.run}, {"out", flags.out}};
  figures.update(tree.figures);
  write_picture(flags.out, tree.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  show(flags.common, figures,
       tree.lines.empty() ? fmt::format("{} prefixes of {} levels, K = {}\n", tree.prefixes,
                                        flags.options.levels, tree.branching)
                          : tree.lines);
  return 0;
}

}  // namespace

void add_tree(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TreeFlags>();
  CodeTreeOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "tree", "draw the codes of the first layers as a recursive picture, or what a text goes on with");
  command
      ->add_option("run", flags->run,
                   "run folder or checkpoint file of a ddn whose first layers have one small K (8 makes "
                   "nine-squares), or "
                   "of a text_ddn")
      ->required();
  add_picture_flag(command, flags->out, flags->common.force, "picture to write");
  command->add_option("--layers,--levels", options.levels, "layers to draw")
      ->capture_default_str()
      ->check(CLI::Range(1, 12));
  command->add_option("--cell", options.cell, "pixels of the last level's images")
      ->capture_default_str()
      ->check(CLI::Range(4, 512));
  command->add_option("--each", options.each, "of a model of text: the likeliest indices of every layer")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_option("--after", options.after, "of a model of text: the text that stands before");
  add_telling_flags(command, options.telling);
  add_fit_flags(command, options.telling.fit,
                "condition images of another size: resize, pad or crop (default: refused)");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_tree(*flags); }; });
}

}  // namespace steer

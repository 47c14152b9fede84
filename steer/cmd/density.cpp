// steer density: K points learn a density in the plane, beside points drawn from it.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/work/density_film.h"
#include "steer/work/outputs.h"

namespace steer {
namespace {

struct DensityFlags {
  Common common;
  DensityRequest request;
  std::string out = "density.gif";
};

std::string density_text(const DensityLearning& made, const DensityRequest& request) {
  std::vector<std::vector<std::string>> rows = {{"points", "KL", "JS", "TV", "Hellinger"}};
  const auto row = [&](const std::string& name, const Divergences& d) {
    rows.push_back({name, fmt::format("{:.4f}", d.kl), fmt::format("{:.4f}", d.js),
                    fmt::format("{:.4f}", d.tv), fmt::format("{:.4f}", d.hellinger)});
  };
  row("nodes", made.trained);
  if (made.gradient_only) row("gradient only", *made.gradient_only);
  row("real samples", made.real);
  return table(rows) + fmt::format("{} nodes, {} samples {} times, {} splits, {:.3f} s of training\n",
                                   request.options.nodes, request.samples, request.passes, made.splits,
                                   made.seconds);
}

int run_density(const DensityFlags& flags) {
  if (flags.request.frames > 0) check_file_output(flags.out, OutputKind::kFilm, flags.common.force);
  flags.common.start();
  DensityRequest request = flags.request;
  request.seed = static_cast<uint64_t>(flags.common.seed);
  const DensityLearning made = learn_density(request, on_terminal());
  if (made.film.defined()) {
    write_density_film(flags.out, made, request);
    say(fmt::format("wrote {}", flags.out));
  }
  show(flags.common, density_json(made, request), density_text(made, request));
  return made.interrupted ? 130 : 0;
}

}  // namespace

void add_density(CLI::App& app, Run& run) {
  auto flags = std::make_shared<DensityFlags>();
  DensityRequest& request = flags->request;
  CLI::App* command = app.add_subcommand(
      "density", "learn a density in the plane with K points and split-and-prune, and film it");
  command
      ->add_option("--density", request.density,
                   "spirals, qr, words, gaussian, blobs, uniform, or a PNG, JPEG or WebP whose bright places "
                   "are dense")
      ->capture_default_str();
  command->add_option("-k,--nodes", request.options.nodes, "points that learn")
      ->capture_default_str()
      ->check(CLI::Range(2, 10000000));
  command->add_option("--samples", request.samples, "points that they learn from")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  command->add_option("--passes", request.passes, "times that they see each sample")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command
      ->add_option("--step", request.options.step,
                   "share of the way that a node first goes toward its sample")
      ->capture_default_str();
  command->add_option("--last-step", request.last_step, "the same at the end; the step falls evenly")
      ->capture_default_str();
  command->add_option("--batch", request.options.batch, "samples between two tests of the rule")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  command->add_option("--bins", request.bins, "cells along each side in which densities are compared")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  command->add_option("--rule", request.options.rule, "when a node splits: exact, paper or none")
      ->capture_default_str()
      ->check(CLI::IsMember({"exact", "paper", "none"}));
  command->add_option("--splits", request.options.splits, "splits after a batch at the most")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000000));
  command->add_flag("--compare", request.compare, "train once more without splits");
  command->add_option("--frames", request.frames, "frames of the film; 0 = no film")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command
      ->add_option("-o,--out", flags->out,
                   "film to write (GIF): nodes left, density right; a .json beside it has the figures")
      ->capture_default_str();
  add_force_flag(command, flags->common.force, "a film, or a .json beside it,");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_density(*flags); }; });
}

}  // namespace steer

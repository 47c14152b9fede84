// steer density: K points learn a density in the plane, beside points drawn from it.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/progress.h"
#include "steer/core/random.h"
#include "steer/picture/gif.h"
#include "steer/points/densities.h"
#include "steer/points/density.h"

namespace steer {
namespace {

struct DensityFlags {
  Common common;
  DensityOptions options;
  std::string density = "spirals", out = "density.gif";
  int64_t samples = 100000, passes = 6, bins = 100, frames = 60;
  double last_step = 0.05;
  bool compare = false;
};

enum Stream : uint64_t { kNodes, kTargets, kReal };  // labels of the seeds of what is drawn at random

constexpr int64_t kPanel = 400;  // about the side of a panel in pixels
constexpr int64_t kGap = 8;

// From night blue over red to a warm white.
torch::Tensor glow_palette() {
  const torch::Tensor stops = torch::tensor({{13., 14., 32.},
                                             {66., 31., 110.},
                                             {168., 48., 111.},
                                             {238., 98., 76.},
                                             {253., 187., 90.},
                                             {255., 250., 222.}});
  constexpr int64_t kColours = 256;
  return at::upsample_linear1d(stops.t().unsqueeze(0), {kColours}, true)[0].t().round().to(torch::kUInt8);
}

// Points [N, 2] as soft dots, uint8 [side, side].
torch::Tensor dots(const torch::Tensor& points, int64_t side) {
  const torch::Tensor counts = (cell_shares(points, side) * points.size(0)).to(torch::kFloat32);
  const torch::Tensor dot = torch::tensor({{20.f, 60.f, 20.f}, {60.f, 170.f, 60.f}, {20.f, 60.f, 20.f}});
  const torch::Tensor drawn =
      at::conv2d(counts.view({1, 1, side, side}), dot.view({1, 1, 3, 3}), {}, 1, at::IntArrayRef({1, 1}));
  return drawn[0][0].clamp_max(255).to(torch::kUInt8);
}

// Nodes on the left, the density on the right: uint8 [side, 2 side + gap].
torch::Tensor frame(const torch::Tensor& points, const Density& density) {
  const int64_t bins = density.map.size(0), scale = std::max<int64_t>(kPanel / bins, 1), side = bins * scale;
  const torch::Tensor shades = (density.map / density.map.max() * 255).round().to(torch::kUInt8);
  const torch::Tensor truth = shades.repeat_interleave(scale, 0).repeat_interleave(scale, 1);
  return at::cat({dots(points, side), at::full({side, kGap}, 255, torch::kUInt8), truth}, 1);
}

struct Trained {
  torch::Tensor points;
  double seconds;  // of training alone
  int64_t splits;
  std::vector<torch::Tensor> frames;
};

// Goes on from target `done` to about target `until` of `total`, over the same targets again and again. The
// step falls evenly from the first to the last. `done` then stands where a batch ends.
void train_until(DensityNodes& nodes, const torch::Tensor& targets, const DensityOptions& options,
                 double last_step, int64_t& done, int64_t until, int64_t total) {
  constexpr int64_t kAtOnce = 1000;  // about as many targets between two changes of the step
  const int64_t piece = (kAtOnce + options.batch - 1) / options.batch * options.batch;
  while (done < until) {
    const int64_t at = done % targets.size(0);
    const int64_t some = std::min(piece, targets.size(0) - at);
    const double share = static_cast<double>(done) / static_cast<double>(total);
    nodes.set_step(options.step + (last_step - options.step) * share);
    nodes.train(targets.narrow(0, at, some));
    done += some;
  }
}

Trained trained(const DensityFlags& flags, const DensityOptions& options, const Density& density,
                const torch::Tensor& targets, int64_t frames) {
  const auto seed = static_cast<uint64_t>(flags.common.seed);
  const int64_t total = flags.samples * flags.passes;
  DensityNodes nodes(options, derive_seed(seed, kNodes));
  Trained result{{}, 0, 0, {}};
  if (frames > 1) result.frames.push_back(frame(nodes.points(), density));
  Progress progress("density " + flags.density + (options.rule == "none" ? ", gradient only" : ""),
                    static_cast<double>(total), isatty(STDERR_FILENO), std::cerr, "samples");
  progress.update(0);
  const int64_t parts = frames > 1 ? frames - 1 : 20;
  int64_t done = 0;
  for (int64_t part = 1; part <= parts; ++part) {
    // Parts grow, because most happens early.
    const double share = std::pow(static_cast<double>(part) / static_cast<double>(parts), 1.5);
    const int64_t until = part == parts ? total : static_cast<int64_t>(share * static_cast<double>(total));
    const auto begin = std::chrono::steady_clock::now();
    train_until(nodes, targets, options, flags.last_step, done, until, total);
    result.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    done = until;
    progress.update(static_cast<double>(done));
    if (frames > 1 || (frames == 1 && part == parts)) result.frames.push_back(frame(nodes.points(), density));
  }
  progress.finish();
  result.points = nodes.points();
  result.splits = nodes.splits();
  return result;
}

Json divergence_figures(const Divergences& d) {
  return {{"kl", d.kl}, {"js", d.js}, {"tv", d.tv}, {"hellinger", d.hellinger}};
}

int run_density(const DensityFlags& flags) {
  flags.common.start();
  check(flags.options);
  const Density density = make_density(flags.density, flags.bins);
  const auto seed = static_cast<uint64_t>(flags.common.seed);
  const torch::Tensor targets = sample_points(density, flags.samples, derive_seed(seed, kTargets));
  const Trained nodes = trained(flags, flags.options, density, targets, flags.frames);

  std::vector<std::vector<std::string>> rows = {{"points", "KL", "JS", "TV", "Hellinger"}};
  Json figures = {{"density", flags.density},   {"nodes", flags.options.nodes}, {"samples", flags.samples},
                  {"passes", flags.passes},     {"batch", flags.options.batch}, {"bins", flags.bins},
                  {"rule", flags.options.rule}, {"seed", flags.common.seed},    {"seconds", nodes.seconds},
                  {"splits", nodes.splits}};
  const auto put = [&](const std::string& name, const std::string& key, const torch::Tensor& points) {
    const Divergences d = divergences(cell_shares(points, flags.bins), density.map);
    rows.push_back({name, fmt::format("{:.4f}", d.kl), fmt::format("{:.4f}", d.js),
                    fmt::format("{:.4f}", d.tv), fmt::format("{:.4f}", d.hellinger)});
    figures[key] = divergence_figures(d);
  };
  put("nodes", "trained", nodes.points);
  if (flags.compare) {
    DensityOptions options = flags.options;
    options.rule = "none";
    put("gradient only", "gradient_only", trained(flags, options, density, targets, 0).points);
  }
  put("real samples", "real", sample_points(density, flags.options.nodes, derive_seed(seed, kReal)));

  if (!nodes.frames.empty()) {
    GifOptions options;
    options.palette = glow_palette();
    options.delay_centiseconds = 6;
    write_gif(flags.out, at::stack(nodes.frames), options);
    if (std::filesystem::is_regular_file(flags.out))
      write_file(std::filesystem::path(flags.out).replace_extension(".json").string(),
                 figures.dump(2) + "\n");
    say(fmt::format("wrote {}", flags.out));
  }
  show(flags.common, figures,
       table(rows) + fmt::format("{} nodes, {} samples {} times, {} splits, {:.3f} s of training\n",
                                 flags.options.nodes, flags.samples, flags.passes, nodes.splits,
                                 nodes.seconds));
  return 0;
}

}  // namespace

void add_density(CLI::App& app, Run& run) {
  auto flags = std::make_shared<DensityFlags>();
  CLI::App* command = app.add_subcommand(
      "density", "learn a density in the plane with K points and split-and-prune, and film it");
  command
      ->add_option(
          "--density", flags->density,
          "spirals, qr, words, gaussian, blobs, uniform, or a PNG or JPEG whose bright places are dense")
      ->capture_default_str();
  command->add_option("-k,--nodes", flags->options.nodes, "points that learn")
      ->capture_default_str()
      ->check(CLI::Range(2, 10000000));
  command->add_option("--samples", flags->samples, "points that they learn from")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  command->add_option("--passes", flags->passes, "times that they see each sample")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command
      ->add_option("--step", flags->options.step, "share of the way that a node first goes toward its sample")
      ->capture_default_str();
  command->add_option("--last-step", flags->last_step, "the same at the end; the step falls evenly")
      ->capture_default_str();
  command->add_option("--batch", flags->options.batch, "samples between two tests of the rule")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  command->add_option("--bins", flags->bins, "cells along each side in which densities are compared")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  command->add_option("--rule", flags->options.rule, "when a node splits: exact, paper or none")
      ->capture_default_str()
      ->check(CLI::IsMember({"exact", "paper", "none"}));
  command->add_option("--splits", flags->options.splits, "splits after a batch at the most")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000000));
  command->add_flag("--compare", flags->compare, "train once more without splits");
  command->add_option("--frames", flags->frames, "frames of the film; 0 = no film")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command
      ->add_option("-o,--out", flags->out,
                   "film to write (GIF): nodes left, density right; a .json beside it has the figures")
      ->capture_default_str();
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_density(*flags); }; });
}

}  // namespace steer

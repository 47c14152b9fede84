// steer reconstruct: images through the code and back, with the error after each layer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/cmd/command.h"
#include "steer/core/files.h"
#include "steer/metrics/reconstruction.h"
#include "steer/picture/gif.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"
#include "steer/work/reconstruction.h"

namespace steer {
namespace {

constexpr int64_t kFrameCentiseconds = 20;

struct ReconstructFlags {
  Common common;
  ReconstructionOptions options;
  std::string run, out = "reconstructions.png", strip;
  int64_t strip_columns = 25;
};

bool is_film(const std::string& path) {
  return file_ending(path) == ".gif";
}

std::string layer_table(const Reconstruction& made) {
  std::vector<std::vector<std::string>> rows = {{"layer", "size", "K", "mse", "psnr"}};
  for (const ReconstructedLayer& layer : made.layers)
    rows.push_back({std::to_string(rows.size()), fmt::format("{}", fmt::join(layer.places, "x")),
                    std::to_string(layer.candidates), fmt::format("{:.5f}", layer.mse),
                    fmt::format("{:.2f} dB", psnr(layer.mse))});
  return table(rows);
}

// As a picture, or as a film of as many frames as layers.
void write_strip(const ReconstructFlags& flags, const Reconstruction& made) {
  const Json twin = {{"run", flags.run}, {"images", made.truth.size()}, {"layers", made.strip_layers}};
  if (is_film(flags.strip)) {
    write_gif(flags.strip, made.film, {{}, kFrameCentiseconds, 200});
    write_twin(flags.strip, twin);
  } else {
    write_picture(flags.strip, made.strip, twin);
  }
  say(fmt::format("wrote {}", flags.strip));
}

int run_reconstruct(const ReconstructFlags& flags) {
  check_picture_output(flags.out, flags.common.force);
  if (is_film(flags.strip))
    check_file_output(flags.strip, OutputKind::kFilm, flags.common.force);
  else if (!flags.strip.empty())
    check_picture_output(flags.strip, flags.common.force);
  flags.options.source.check("reconstruct");
  const Computing computing = flags.common.start();
  ReconstructionOptions options = flags.options;
  options.device = computing.device;
  options.strip_columns = flags.strip.empty() ? 0 : flags.strip_columns;
  options.film = is_film(flags.strip);
  const LoadedModel loaded = opened(flags.run, computing);
  const Reconstruction made = reconstruct(loaded, options, on_terminal());
  Json figures = {{"run", flags.run}};
  figures.update(made.figures);
  write_picture(flags.out, made.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  if (made.strip.defined()) write_strip(flags, made);
  show(flags.common, figures,
       layer_table(made) + fmt::format("{} images: mean squared error {:.5f} on [-1, 1] ({:.2f} dB)\n",
                                       made.truth.size(), made.mse, psnr(made.mse)));
  return 0;
}

}  // namespace

void add_reconstruct(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ReconstructFlags>();
  ReconstructionOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "reconstruct", "encode images and decode them again; prints the error after each layer");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  options.source.count = 16;
  add_source_flags(command, options.source, 1, 1000000, "images of the data set");
  command->add_option("--beam", options.beam, "encode with this many prefixes side by side; 1 = greedy")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  add_picture_flag(command, flags->out, flags->common.force, "picture to write: truth above reconstruction");
  command->add_option(
      "--strip", flags->strip,
      "another picture: each row an image, then what its code says after each layer; with the "
      "ending .gif a film of it, layer after layer");
  command
      ->add_option("--strip-columns", flags->strip_columns,
                   "layers in the strip at most, evenly spread from the first to the last")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  add_telling_flags(command, options.telling, false);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_reconstruct(*flags); }; });
}

}  // namespace steer

// steer interpolate: from one image to another through the code.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/files.h"
#include "steer/core/seed_list.h"
#include "steer/picture/gif.h"
#include "steer/work/interpolation.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct InterpolateFlags {
  Common common;
  InterpolationOptions options;
  std::string run, by, seeds, out = "interpolation.png";
};

int run_interpolate(const InterpolateFlags& flags) {
  const bool film = file_ending(flags.out) == ".gif";
  film ? check_file_output(flags.out, OutputKind::kFilm, flags.common.force)
       : check_picture_output(flags.out, flags.common.force);
  const Computing computing = flags.common.start();
  InterpolationOptions options = flags.options;
  options.device = computing.device;
  options.by = flags.by == "pixels" ? "values" : flags.by;
  if (!flags.seeds.empty()) options.seeds = parse_seed_list(flags.seeds);
  const LoadedModel loaded = opened(flags.run, computing);
  const Interpolation way = interpolate(loaded, options);
  Json figures = {{"run", flags.run}, {"out", flags.out}, {"samples", way.samples.size()}};
  figures.update(way.figures);
  if (film) {
    write_gif(flags.out, film_of(loaded.model->space(), way.samples));
    write_twin(flags.out, figures);
  } else {
    write_picture(flags.out, way.picture, figures);
  }
  say(fmt::format("wrote {}", flags.out));
  show(flags.common, figures,
       fmt::format("{} samples on the way: steps of {:.3f} on average, {:.3f} at most (root mean square on "
                   "[-1, 1])\n",
                   way.samples.size(), way.mean_step, way.longest_step));
  return 0;
}

}  // namespace

void add_interpolate(CLI::App& app, Run& run) {
  auto flags = std::make_shared<InterpolateFlags>();
  InterpolationOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "interpolate", "go from one image to another: through a ddn's code, or a diffusion's noise");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn or a diffusion")->required();
  command->add_option("images", options.ends, "two PNG, JPEG or WebP files")->expected(2);
  command->add_option("--seeds", flags->seeds, "of a diffusion: two seeds in place of files, as 3,8");
  command->add_option("--label", options.label, "of a class-conditional diffusion: the class of all");
  add_fit_flags(command, options.fit, "images of another size: resize, pad or crop");
  command->add_option("-n,--count", options.steps, "images of the way, both ends among them")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  command
      ->add_option(
          "--by", flags->by,
          "layers: along the tree. Fewer and fewer of the first layers are the first image's, the others "
          "take what comes nearest to the second; of these images those at even distances, fewer than asked "
          "for where there are not so many. pixels: at each step the code nearest to the blend of both "
          "images; images that fade into each other. noise: of a diffusion, on the great circle between the "
          "noises of both, found backwards for files (default: layers, of a diffusion noise)")
      ->check(CLI::IsMember({"pixels", "layers", "noise"}));
  add_picture_flag(
      command, flags->out, flags->common.force,
      "picture to write: the first image, the way, the second image; with the ending .gif a film");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_interpolate(*flags); }; });
}

}  // namespace steer

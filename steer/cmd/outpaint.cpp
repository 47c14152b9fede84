// steer outpaint: a picture that grows beyond its edges.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/settings.h"
#include "steer/core/seed_list.h"
#include "steer/work/outpainting.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct OutpaintFlags {
  Common common;
  SettingsFlags settings;
  OutpaintOptions options;
  std::string run, seeds = "0", out = "wider.png";
};

int run_outpaint(const OutpaintFlags& flags) {
  check_picture_output(flags.out, flags.common.force);
  const Computing computing = flags.common.start();
  const LoadedModel loaded = opened(flags.run, computing);
  OutpaintOptions options = flags.options;
  options.seeds = parse_seed_list(flags.seeds);
  options.settings = flags.settings.settings(flags.run);
  const Outpainted made =
      outpaint(as_generator(loaded, "outpaint"), options, computing.device, on_terminal());
  Json figures = {{"run", flags.run}, {"out", flags.out}};
  figures.update(made.figures);
  write_picture(flags.out, made.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  show(flags.common, figures,
       fmt::format("{} pictures of {} x {} pixels in {} windows: {}; {:.2f} s\n", options.count,
                   made.pictures.x.size(3), made.pictures.x.size(2), made.windows, made.text, made.seconds));
  return 0;
}

}  // namespace

void add_outpaint(CLI::App& app, Run& run) {
  auto flags = std::make_shared<OutpaintFlags>();
  OutpaintOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "outpaint", "make a picture larger: what lies beyond its edges is filled in, window by window");
  command->add_option("run", flags->run, "run folder or checkpoint file of a model of images")->required();
  command->add_option("picture", options.picture, "PNG, JPEG or WebP file, of any size")->required();
  const auto margin = [&](const char* flag, int64_t& pixels, const char* where) {
    command->add_option(flag, pixels, fmt::format("pixels to add {}", where))
        ->capture_default_str()
        ->check(CLI::Range(0, 4096));
  };
  margin("--left", options.margins.left, "at the left");
  margin("--right", options.margins.right, "at the right");
  margin("--above", options.margins.top, "above it");
  margin("--below", options.margins.bottom, "below it");
  command->add_option("-n,--count", options.count, "ways to do it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--seed", flags->seeds,
                   "of the first, and number i takes seed + i; or a list, as 3,7,20:30")
      ->capture_default_str();
  command
      ->add_option("--measured-noise", options.noise,
                   "standard deviation of what is known, on the scale [-1, 1], as inpaint(noise=...)")
      ->capture_default_str()
      ->check(CLI::Range(1e-3, 100.0));
  add_telling_flags(command, options.telling);
  add_picture_flag(command, flags->out, flags->common.force, "picture to write: all ways side by side");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  flags->common.add_to(command, false);
  command->callback([=, &run] { run = [=] { return run_outpaint(*flags); }; });
}

}  // namespace steer

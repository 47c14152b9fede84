// steer decode: the images of a file of codes.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/picture/gif.h"
#include "steer/work/coded_files.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

struct DecodeFlags {
  Common common;
  DecodingOptions options;
  std::string out = "decoded.png", film;
};

// What was decoded, as a picture or in a format of the samples' kind, as .wav of sounds.
void write_decoded(const std::string& path, const Space& space, const Decoding& made, const Json& figures) {
  has_own_format(space, path) ? write_own_format(path, space, made.samples, figures)
                              : write_picture(path, made.picture, figures);
}

int run_decode(const DecodeFlags& flags) {
  if (!flags.film.empty()) check_file_output(flags.film, OutputKind::kFilm, flags.common.force);
  const Computing computing = flags.common.start();
  DecodingOptions options = flags.options;
  options.device = computing.device, options.film = !flags.film.empty();
  const LoadedModel loaded = opened(options.run, computing);
  const Space space = loaded.model->space();
  check_samples_output(space, flags.out, flags.common.force);
  const Decoding made = decode_file(loaded, options, on_terminal());
  Json figures = {{"run", options.run}, {"codes", options.codes}, {"out", flags.out}};
  figures.update(made.figures);
  write_decoded(flags.out, space, made, figures);
  if (options.film) {
    GifOptions slow;
    slow.delay_centiseconds = 12;
    write_gif(flags.film, made.film, slow);
    say(fmt::format("wrote {}", flags.film));
  }
  say(fmt::format("wrote {}", flags.out));
  show(flags.common, figures,
       fmt::format("{} of {} {} decoded\n", made.samples.size(), made.held, made.plural));
  return 0;
}

}  // namespace

void add_decode(CLI::App& app, Run& run) {
  auto flags = std::make_shared<DecodeFlags>();
  DecodingOptions& options = flags->options;
  CLI::App* command = app.add_subcommand("decode", "show the images of a file of codes");
  command->add_option("run", options.run, "the run folder or checkpoint file that encoded them")->required();
  command->add_option("codes", options.codes, "file written by encode")->required();
  add_picture_flag(command, flags->out, flags->common.force,
                   "picture to write: a grid, or with --index the image itself; of sounds a .wav, too");
  command->add_option(
      "--film", flags->film,
      "write a film too (.gif): what the codes say after each layer, as their first bits arrive");
  command->add_option("--index", options.index, "only this image, counted from 0")
      ->check(CLI::NonNegativeNumber);
  add_telling_flags(command, options.telling);
  command->add_option(
      "--data", options.data,
      "the data set that was encoded: a conditional model is told its labels or images again");
  command->add_option("--split", options.split, "train, test or validation")->capture_default_str();
  add_fit_flags(command, options.telling.fit,
                "how images of another size reach the model's: resize, pad or crop");
  add_prior_flag(command, options.prior, "the prior that coded them, for codes of --coder prior");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_decode(*flags); }; });
}

}  // namespace steer

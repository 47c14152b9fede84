#include "steer/cmd/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "steer/cmd/interruption.h"
#include "steer/core/machine.h"
#include "steer/core/progress.h"
#include "steer/picture/colour.h"

namespace steer {

void Common::add_to(CLI::App* command, bool with_seed) {
  command->add_flag("--json", json, "print one line of JSON with the figures on stdout");
  if (with_seed)
    command
        ->add_option(
            "--seed", seed,
            "seed of everything that is random; of samples that of the first, sample i takes seed + i")
        ->capture_default_str();
  command->add_option("--device", device, "cpu or cuda")->capture_default_str();
  command->add_option("--threads", threads, "processor threads; 0 = all this process may use")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command->add_option("--precision", precision, "of convolutions: auto, float32 or bfloat16")
      ->capture_default_str();
}

Computing Common::start() const {
  prepare_process(static_cast<int>(threads));
  return {device_of(device), precision};
}

void say(const std::string& text) {
  std::cerr << text << std::endl;
}

void show(const Common& common, const Json& figures, const std::string& text) {
  if (common.json)
    std::cout << json_text(figures) << std::endl;
  else
    std::cout << text << std::flush;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += (i ? "  " : "") + row[i] + std::string(widths[i] - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

LoadedModel opened(const std::string& run, const Computing& computing) {
  LoadedModel loaded = open_model(run, computing);
  say(text_of(loaded, computing));
  return loaded;
}

WorkWatch on_terminal() {
  notice_interruption();
  struct Line {
    std::string title;
    std::unique_ptr<Progress> progress;
  };
  const auto line = std::make_shared<Line>();
  return [line](const Moment& moment) {
    if (!line->progress || line->title != moment.title) {
      line->title = moment.title;
      line->progress = std::make_unique<Progress>(moment.title, 1.0, isatty(STDERR_FILENO), std::cerr, "");
    }
    line->progress->update(moment.share, moment.note);
    if (moment.share >= 1) line->progress->finish(moment.note);
    return !interruption_asked();
  };
}

void add_source_flags(CLI::App* command, SampleSource& source, int64_t least, int64_t most,
                      const std::string& meaning) {
  command->add_option("images", source.files, "PNG, JPEG or WebP files, read in the model's channels");
  command->add_option("--data", source.data, "a data set in place of files");
  command->add_option("--split", source.split, "train, test or validation")->capture_default_str();
  add_fit_flags(
      command, source.fit,
      "images of another size: resize, pad or crop (default: refused for files, padded for data sets)");
  command->add_option("-n,--count", source.count, meaning)
      ->capture_default_str()
      ->check(CLI::Range(least, most));
}

void add_picture_flag(CLI::App* command, std::string& out, bool& force, const std::string& meaning) {
  CLI::Option* const option = command->add_option("-o,--out", out, meaning);
  if (!out.empty()) option->capture_default_str();
  add_force_flag(command, force, "a picture, or a .json beside it,");
}

void add_force_flag(CLI::App* command, bool& force, const std::string& what) {
  command->add_flag("--force", force, "write over " + what + " that steer did not write");
}

void add_fit_flags(CLI::App* command, std::string& fit, const std::string& meaning) {
  command->add_option("--fit", fit, meaning)->check(CLI::IsMember({"resize", "pad", "crop"}));
  // Flags take effect in the order in which they are added.
  command->add_option_function<std::string>(
      "--background",
      [&fit](const std::string& colour) {
        colour_of(colour);
        fit += (fit.empty() ? "on " : " on ") + colour;
      },
      "what lies under transparent pixels: white, black, grey or #rrggbb (default: white)");
}

void add_telling_flags(CLI::App* command, Telling& telling, bool with_given) {
  command->add_option("--label", telling.label,
                      "for a class-conditional model: a class, several with commas between, or all; sample i "
                      "takes number i, again from the first after the last");
  if (!with_given) return;
  command->add_option(
      "--told", telling.value,
      "for a model that is told numbers: names and numbers, as \"alpha=75\" or \"alpha=60,90 "
      "gap=7\"; sample i takes number i, again from the first after the last; what is left out "
      "is not told");
  command
      ->add_option("--condition", telling.given,
                   "for a model conditional on colour, edges or a small image: the image to take them from "
                   "(repeatable; sample i takes number i)")
      ->allow_extra_args(false);
}

void add_prior_flag(CLI::App* command, std::string& path, const std::string& meaning) {
  command->add_option(
      "--prior", path,
      meaning + " (default: RUN/prior.safetensors, beside a file NAME.safetensors NAME_prior.safetensors)");
}

}  // namespace steer

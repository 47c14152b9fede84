// steer train: makes a model and trains it into a run folder.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/precision.h"
#include "steer/core/progress.h"
#include "steer/models/families.h"
#include "steer/work/outputs.h"
#include "steer/work/repeats.h"
#include "steer/work/training.h"

namespace steer {
namespace {

struct TrainFlags {
  Common common;
  TrainingRequest request;
  int64_t batch = 0;
  bool dry_run = false;
};

std::string budget_text(const TrainOptions& o) {
  if (o.minutes > 0 && o.images > 0) return fmt::format("{} minutes or {} images", o.minutes, o.images);
  return o.minutes > 0 ? fmt::format("{} minutes", o.minutes) : fmt::format("{} images", o.images);
}

void say_what_is_trained(const Training& training, const std::string& device) {
  const TrainOptions& options = training.options.train;
  say(fmt::format("{}: {} samples, {}", training.options.data.path, training.data->size(),
                  text_of(training.data->space())));
  say(fmt::format("{} model: {} parameters, {}; {} on {}, {} threads; budget {}", training.model->family(),
                  training.model->parameter_count(), text_of(training.model->space()),
                  name(make_precision(options.precision, training.device)), device, at::get_num_threads(),
                  budget_text(options)));
}

int run_train(const TrainFlags& flags, const CLI::App& command) {
  TrainingRequest request = flags.request;
  if (!flags.dry_run) check_folder_output(request.run);
  request.device = flags.common.start().device;
  if (command.count("--seed")) request.seed = flags.common.seed;
  if (flags.batch > 0) request.sets.push_back(fmt::format("train.loader.batch={}", flags.batch));
  if (command.count("--precision")) request.precision = flags.common.precision;
  const Training training = prepared_training(request);
  say_what_is_trained(training, flags.common.device);
  if (!training.begins.empty()) say(training.begins);
  if (flags.dry_run) {
    const Json all = training.all_options();
    show(flags.common, all, json_text(all, 2) + "\n");
    if (const auto found = repeats_across_splits(training.options.data)) say(text_of(*found, "test"));
    say("dry run: nothing was trained");
    return 0;
  }
  const TrainSummary summary = run_training(training, on_terminal());
  Json figures = {{"run", request.run}};
  figures.update(summary_json(summary));
  show(flags.common, figures,
       fmt::format("{}: {} samples in {}\n", request.run, summary.state.images,
                   duration_text(summary.state.seconds)));
  if (summary.interrupted) say("interrupted: the checkpoint is written; continue with --resume");
  return summary.interrupted ? 130 : 0;
}

std::string options_of_all_families() {
  std::string text = "Options (--set, or the JSON file):\n" + options_help(RunOptions());
  for (const std::string& family : family_names())
    text += fmt::format("\nOptions of {0} (--set {0}.NAME=...):\n{1}", family, family_options_help(family));
  return text;
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TrainFlags>();
  TrainingRequest& request = flags->request;
  CLI::App* command = app.add_subcommand("train", "train a model into a run folder");
  command
      ->add_option("family", request.family,
                   "kind of model: ddn, diffusion (flow too), text, ar or classifier")
      ->required()
      ->check(CLI::IsMember(family_names()));
  command->add_option("--config", request.file,
                      "JSON file of options, or the name of one that ships, as shapes_ddn");
  command->add_option("--data", request.data,
                      "images: a folder, an archive, or the word shapes; points; text: a file or folder");
  command->add_option("--out", request.run, "run folder to make or continue")->required();
  command->add_option(
      "--init", request.init,
      "run or model whose weights, and options where no others are given, a new run begins from");
  command->add_option("--minutes", request.minutes, "budget in minutes")->check(CLI::PositiveNumber);
  command->add_option("--images", request.images, "budget in images")->check(CLI::PositiveNumber);
  command->add_option("--batch", flags->batch, "samples in a step, as --set train.loader.batch=N")
      ->check(CLI::PositiveNumber);
  command->add_option("--set", request.sets, "one option over the file: --set train.rate=5e-4 (repeatable)")
      ->allow_extra_args(false);
  command->add_flag("--resume", request.resume, "continue the run exactly where its last checkpoint stands");
  command->add_flag("--dry-run", flags->dry_run, "check data and options, print all options, train nothing");
  flags->common.add_to(command);
  command->footer(options_of_all_families);
  command->callback([=, &run] { run = [=] { return run_train(*flags, *command); }; });
}

}  // namespace steer

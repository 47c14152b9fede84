// steer train: makes a model and trains it into a run folder.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/interruption.h"
#include "steer/core/check.h"
#include "steer/core/precision.h"
#include "steer/core/progress.h"
#include "steer/train/trainer.h"

namespace steer {
namespace {

struct TrainFlags {
  Common common;
  std::string family, config, data, out;
  std::vector<std::string> sets;
  double minutes = 0;
  int64_t images = 0;
  bool resume = false, dry_run = false;
};

// The options of file, flags and --set, in this order; the family's own part comes apart.
struct Plan {
  RunOptions run;
  Json model;
};

Plan training_plan(const TrainFlags& flags, const CLI::App& command) {
  Json json = Json::object();
  std::string where = "options";
  if (flags.resume && flags.config.empty()) {
    STEER_CHECK(std::filesystem::exists(flags.out + "/options.json"), "[train] ", flags.out,
                ": expected a run to resume but there is no options.json");
    where = flags.out + "/options.json";
    json = read_json_file(where);
  } else if (!flags.config.empty()) {
    where = flags.config;
    json = read_json_file(where);
  }
  STEER_CHECK(json.is_object(), "[options] ", where, ": expected a JSON object");
  for (const std::string& set : flags.sets) apply_set(json, set);
  if (json.contains("family")) {
    STEER_CHECK(json["family"] == flags.family, "[options] ", where, ": family: expected ", flags.family,
                " but got ", json["family"].dump());
    json.erase("family");
  }
  Plan plan;
  if (json.contains(flags.family)) {
    plan.model = json[flags.family];
    json.erase(flags.family);
  } else {
    plan.model = Json::object();
  }
  read_options(plan.run, json, where);
  if (!flags.data.empty()) plan.run.data.path = flags.data;
  if (command.count("--minutes") || command.count("--images")) {
    plan.run.train.minutes = flags.minutes;
    plan.run.train.images = flags.images;
  }
  if (command.count("--seed")) plan.run.train.seed = flags.common.seed;
  if (command.count("--precision")) plan.run.train.precision = flags.common.precision;
  plan.run.train.loader.seed = plan.run.train.seed;
  STEER_CHECK(!plan.run.data.path.empty(),
              "[train] expected images to train on: --data DIR (or data.path), or --data shapes");
  return plan;
}

std::string budget_text(const TrainOptions& o) {
  if (o.minutes > 0 && o.images > 0) return fmt::format("{} minutes or {} images", o.minutes, o.images);
  return o.minutes > 0 ? fmt::format("{} minutes", o.minutes) : fmt::format("{} images", o.images);
}

int run_train(const TrainFlags& flags, const CLI::App& command) {
  const torch::Device device = flags.common.start();
  Plan plan = training_plan(flags, command);
  check(plan.run.train);
  const bool classifies = flags.family == "classifier";
  if (classifies && plan.run.data.size == 0) {
    ClassifierModelOptions classifier;
    read_options(classifier, plan.model, "classifier");
    plan.run.data.size = classifier.network.size;
  }
  const auto data = make_dataset(plan.run.data);
  if (classifies) plan.model = fitted_to(plan.model, *data, plan.run.data.path);
  if (flags.family == "diffusion") plan.model = fitted_diffusion(plan.model, *data, plan.run.data.path);
  auto model = make_model(flags.family, plan.model, static_cast<uint64_t>(plan.run.train.seed));
  const ImageShape s = model->shape();
  const Precision precision = make_precision(plan.run.train.precision, device);
  say(fmt::format("{}: {} images {}x{}x{}", plan.run.data.path, data->size(), data->shape()[0],
                  data->shape()[1], data->shape()[2]));
  say(fmt::format("{} model: {} parameters, images {}x{}x{}; {} on {}, {} threads; budget {}", flags.family,
                  model->parameter_count(), s.channels, s.height, s.width, name(precision),
                  flags.common.device, at::get_num_threads(), budget_text(plan.run.train)));
  if (flags.dry_run) {
    Json all = options_json(plan.run);
    all["family"] = flags.family;
    all[flags.family] = model->options();
    show(flags.common, all, all.dump(2) + "\n");
    say("dry run: nothing was trained");
    return 0;
  }
  notice_interruption();

  Progress progress("train " + flags.out, 1.0, isatty(STDERR_FILENO), std::cerr, "");
  TrainHooks hooks;
  hooks.stop = interruption_asked;
  double first_seconds = -1, first_images = 0;
  hooks.progress = [&](const TrainingState& state, double share, const std::string& note) {
    // Images per second of this process alone; a resumed run counts from where it took over.
    if (first_seconds < 0) first_seconds = state.seconds, first_images = static_cast<double>(state.images);
    const double rate = state.seconds > first_seconds ? (static_cast<double>(state.images) - first_images) /
                                                            (state.seconds - first_seconds)
                                                      : 0;
    progress.update(share, fmt::format("{} images  {:.0f} images/s  {}", state.images, rate, note));
  };
  const TrainSummary summary = train(*model, *data, plan.run, flags.out, flags.resume, device, hooks);
  progress.finish(fmt::format("{} images", summary.state.images));
  Json figures = {{"run", flags.out},
                  {"images", summary.state.images},
                  {"steps", summary.state.steps},
                  {"seconds", summary.state.seconds},
                  {"interrupted", summary.interrupted}};
  for (const auto& [name, value] : summary.figures) figures[name] = value;
  std::string text = fmt::format("{}: {} images in {}\n", flags.out, summary.state.images,
                                 duration_text(summary.state.seconds));
  show(flags.common, figures, text);
  if (summary.interrupted) say("interrupted: the checkpoint is written; continue with --resume");
  return summary.interrupted ? 130 : 0;
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = app.add_subcommand("train", "train a model into a run folder");
  command->add_option("family", flags->family, "kind of model: ddn, diffusion (flow too) or classifier")
      ->required()
      ->check(CLI::IsMember({"ddn", "diffusion", "classifier"}));
  command->add_option("--config", flags->config, "JSON file of options");
  command->add_option("--data", flags->data, "images: a folder, an archive, or the word shapes");
  command->add_option("--out", flags->out, "run folder to make or continue")->required();
  command->add_option("--minutes", flags->minutes, "budget in minutes")->check(CLI::PositiveNumber);
  command->add_option("--images", flags->images, "budget in images")->check(CLI::PositiveNumber);
  command->add_option("--set", flags->sets, "one option over the file: --set train.rate=5e-4 (repeatable)")
      ->allow_extra_args(false);
  command->add_flag("--resume", flags->resume, "continue the run exactly where its last checkpoint stands");
  command->add_flag("--dry-run", flags->dry_run, "check data and options, print all options, train nothing");
  flags->common.add_to(command);
  command->footer([] {
    return "Options (--set, or the JSON file):\n" + options_help(RunOptions()) +
           "\nOptions of ddn (--set ddn.NAME=...):\n" + options_help(DdnOptions()) +
           "\nOptions of diffusion (--set diffusion.NAME=...):\n" + options_help(DiffusionOptions()) +
           "\nOptions of classifier (--set classifier.NAME=...):\n" + options_help(ClassifierModelOptions());
  });
  command->callback([=, &run] { run = [=] { return run_train(*flags, *command); }; });
}

}  // namespace steer

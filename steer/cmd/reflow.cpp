// steer reflow: straightens a trained flow, or cuts it down to one step.
#include "steer/train/reflow.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/interruption.h"
#include "steer/cmd/sampler.h"
#include "steer/core/check.h"
#include "steer/core/progress.h"
#include "steer/train/trainer.h"

namespace steer {
namespace {

struct ReflowFlags {
  Common common;
  SamplerFlags sampler;
  std::string run, out;
  std::vector<std::string> sets;
  int64_t pairs = 10000, batch = 100, images = 0;
  double minutes = 0;
  bool distil = false, resume = false;
};

// The options of the run resumed, or gentle ones: a fine-tuning.
RunOptions options_of(const ReflowFlags& flags) {
  RunOptions options;
  options.train.rate = 3e-4;
  options.data.path = "pairs of " + flags.run;
  if (flags.resume) {
    Json json = read_json_file(flags.out + "/options.json");
    json.erase("family");
    json.erase("diffusion");
    read_options(options, json, flags.out + "/options.json");
  }
  Json sets = Json::object();
  for (const std::string& set : flags.sets) apply_set(sets, set);
  read_options(options, sets, "--set");
  if (flags.minutes > 0 || flags.images > 0) {
    options.train.minutes = flags.minutes;
    options.train.images = flags.images;
  }
  options.train.seed = options.train.loader.seed = flags.common.seed;
  if (flags.common.precision != "auto") options.train.precision = flags.common.precision;
  check(options.train);
  return options;
}

int run_reflow(const ReflowFlags& flags) {
  const bool exists = std::filesystem::exists(flags.out + "/resume.safetensors");
  STEER_CHECK(flags.resume == exists, "[reflow] ", flags.out,
              exists ? ": holds a run already; continue it with --resume or name another folder"
                     : ": expected a run to resume but there is none");
  const torch::Device device = flags.common.start();
  const RunOptions options = options_of(flags);
  LoadedModel loaded = open_model(flags.common, flags.run, device);
  DiffusionModel& model = as_diffusion(loaded, "reflow");
  STEER_CHECK(model.prediction() == Prediction::kVelocity, "[reflow] ", flags.run,
              ": expected a flow, a model that predicts velocity, but it predicts ",
              name(model.prediction()));
  SamplerOptions sampler = flags.sampler.options(model).value();
  const std::string file = flags.out + "/pairs.safetensors";
  std::shared_ptr<const PairsDataset> pairs;
  if (std::filesystem::exists(file)) {
    pairs = PairsDataset::read(file);
    say(fmt::format("{}: {} pairs drawn before", file, pairs->size()));
  } else {
    Progress progress("draw pairs", static_cast<double>(flags.pairs), isatty(STDERR_FILENO), std::cerr,
                      "pairs");
    pairs = draw_pairs(model, sampler, flags.pairs, flags.batch, static_cast<uint64_t>(flags.common.seed),
                       [&](double share) { progress.update(share * static_cast<double>(flags.pairs)); });
    std::filesystem::create_directories(flags.out);
    pairs->write(file);
  }
  const auto trained = reflowed(model, pairs, flags.distil);
  notice_interruption();
  Progress progress("reflow " + flags.out, 1.0, isatty(STDERR_FILENO), std::cerr, "");
  TrainHooks hooks;
  hooks.stop = interruption_asked;
  hooks.progress = [&](const TrainingState& state, double share, const std::string& note) {
    progress.update(share, fmt::format("{} pairs  {}", state.images, note));
  };
  const TrainSummary summary = train(*trained, *pairs, options, flags.out, flags.resume, device, hooks);
  progress.finish(fmt::format("{} pairs", summary.state.images));
  Json figures = {{"run", flags.run},
                  {"out", flags.out},
                  {"pairs", pairs->size()},
                  {"sampler", sampler_json(sampler)},
                  {"distil", flags.distil},
                  {"images", summary.state.images},
                  {"seconds", summary.state.seconds},
                  {"interrupted", summary.interrupted}};
  for (const auto& [name, value] : summary.figures) figures[name] = value;
  show(flags.common, figures,
       fmt::format("{}: {} pairs by {}, seen {:.1f} times in {}\n", flags.out, pairs->size(),
                   sampler_text(sampler),
                   static_cast<double>(summary.state.images) / static_cast<double>(pairs->size()),
                   duration_text(summary.state.seconds)));
  if (summary.interrupted) say("interrupted: the checkpoint is written; continue with --resume");
  return summary.interrupted ? 130 : 0;
}

}  // namespace

void add_reflow(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ReflowFlags>();
  CLI::App* command = app.add_subcommand(
      "reflow", "straighten a flow on pairs of noise and its own samples, for few steps or one");
  command->add_option("run", flags->run, "run folder or checkpoint file of a flow")->required();
  command->add_option("--out", flags->out, "run folder to make or continue")->required();
  command->add_option("--pairs", flags->pairs, "pairs to draw")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  command->add_flag("--distil", flags->distil,
                    "train the one step from noise to image instead of straight lines");
  command->add_option("--minutes", flags->minutes, "budget of training in minutes")
      ->check(CLI::PositiveNumber);
  command->add_option("--images", flags->images, "budget of training in pairs seen")
      ->check(CLI::PositiveNumber);
  command->add_option("--set", flags->sets, "an option of training: --set train.rate=1e-4 (repeatable)")
      ->allow_extra_args(false);
  command->add_flag("--resume", flags->resume, "continue the run exactly where its last checkpoint stands");
  command->add_option("--batch", flags->batch, "pairs drawn at once; they do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->sampler.add_to(command);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_reflow(*flags); }; });
}

}  // namespace steer

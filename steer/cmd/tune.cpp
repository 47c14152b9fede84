// steer tune: fine-tunes a ddn through its own samples.
#include "steer/train/tune.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/interruption.h"
#include "steer/cmd/judge.h"
#include "steer/core/check.h"
#include "steer/core/progress.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/metrics/diversity.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

struct TuneFlags {
  Common common;
  TuneOptions options;
  std::string run, objective, judge, fit, out;
  int64_t count = 500, batch = 50;
};

// Seeds of the samples that are measured, far from those that are trained on.
constexpr uint64_t kMeasured = 1000000;

// Samples of fixed seeds and what is to be said of them.
struct Measured {
  torch::Tensor images;
  double score = 0;      // mean score
  double diversity = 0;  // pixel_diversity of the images
  Verdict verdict;       // with --judge
};

Measured measured_samples(const TuneFlags& flags, Model& model, const Objective& objective,
                          torch::Device device) {
  std::vector<torch::Tensor> images, scores;
  for (int64_t at = 0; at < flags.count; at += flags.batch) {
    SampleRequest request;
    request.seeds =
        sample_seeds(kMeasured + static_cast<uint64_t>(at), std::min(flags.batch, flags.count - at), device);
    const torch::Tensor some = model.sample(request).images;
    scores.push_back(objective.score(some).cpu());
    images.push_back(some.cpu());
  }
  Measured measured;
  measured.images = at::cat(images);
  measured.score = at::cat(scores).mean().item<double>();
  measured.diversity = pixel_diversity(measured.images);
  if (!flags.judge.empty())
    measured.verdict = judged(flags.judge, measured.images, asked_of(objective, flags.count), device);
  return measured;
}

Json tuning_figures(const Measured& m) {
  Json figures = {{"score", m.score}, {"diversity", m.diversity}};
  if (!m.verdict.figures.is_null()) figures["judge"] = m.verdict.figures;
  return figures;
}

int run_tune(const TuneFlags& flags) {
  check(flags.options);
  STEER_CHECK(!std::filesystem::exists(flags.out), "[tune] ", flags.out,
              ": expected a new folder but there is something");
  const torch::Device device = flags.common.start();
  LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "tune");
  DdnModel& model = *loaded.model;
  const ImageShape shape = model.shape();
  ObjectiveContext context;
  context.space = space;
  context.seed = static_cast<uint64_t>(flags.common.seed);
  context.device = device;
  context.fit = flags.fit;
  const auto objective = make_objective(flags.objective, context);
  STEER_CHECK(objective->targets() == 1, "[tune] ", objective->words(),
              ": expected an objective of one target but it has ", objective->targets());
  const Measured before = measured_samples(flags, model, *objective, device);

  notice_interruption();
  TuneOptions options = flags.options;
  options.seed = static_cast<uint64_t>(flags.common.seed);
  Progress progress("tune " + flags.out, 1.0, isatty(STDERR_FILENO), std::cerr, "");
  TuneHooks hooks;
  hooks.stop = interruption_asked;
  hooks.progress = [&](double share, const TuneState& state) {
    progress.update(share, fmt::format("step {}  score {:.3g}  anchor {:.3g}  keep {:.3g}", state.steps,
                                       state.score, state.anchor, state.keep));
  };
  const TuneState state = tune(model, *objective, options, hooks);
  progress.finish(fmt::format("{} steps", state.steps));
  const Measured after = measured_samples(flags, model, *objective, device);

  std::filesystem::create_directories(flags.out);
  save_model(flags.out + "/model.safetensors", model, loaded.state, nullptr);
  const Json figures = {{"run", flags.run},
                        {"out", flags.out},
                        {"objective", objective->words()},
                        {"steps", state.steps},
                        {"samples", flags.count},
                        {"before", tuning_figures(before)},
                        {"after", tuning_figures(after)},
                        {"interrupted", interruption_asked()}};
  const int64_t shown = std::min<int64_t>(flags.count, 48);
  write_picture(flags.out + "/before_after.png",
                stacked_grid({before.images.narrow(0, 0, shown), after.images.narrow(0, 0, shown)}, 12),
                figures);
  std::string text =
      table({{"", "score", "diversity"},
             {"before", fmt::format("{:.4g}", before.score), fmt::format("{:.4f}", before.diversity)},
             {"after", fmt::format("{:.4g}", after.score), fmt::format("{:.4f}", after.diversity)}});
  if (!flags.judge.empty()) text += "before: " + before.verdict.text + "after: " + after.verdict.text;
  show(flags.common, figures,
       text + fmt::format("{} steps; {}/before_after.png has samples of the same codes before and after\n",
                          state.steps, flags.out));
  return interruption_asked() ? 130 : 0;
}

}  // namespace

void add_tune(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TuneFlags>();
  CLI::App* command =
      app.add_subcommand("tune", "fine-tune a ddn through its own samples toward a differentiable objective");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command
      ->add_option("--objective", flags->objective,
                   "what samples shall be like, for instance 'label(3, classifier=RUN)'")
      ->required();
  command->add_option("--out", flags->out, "run folder to make: the tuned model, samples before and after")
      ->required();
  command->add_option("--minutes", flags->options.minutes, "budget in minutes")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--judge", flags->judge,
                      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of "
                      "the class asked, before and after");
  command->add_option("--batch", flags->options.batch, "samples in a step")->capture_default_str();
  command->add_option("--rate", flags->options.rate, "learning rate")->capture_default_str();
  command
      ->add_option("--anchor", flags->options.anchor,
                   "weight of the squared distance to what the original model makes of a sample's nearest "
                   "code: keeps samples among its images")
      ->capture_default_str();
  command
      ->add_option("--keep", flags->options.keep,
                   "weight of the squared distance to the original's image of the same code: keeps samples "
                   "apart from each other")
      ->capture_default_str();
  command
      ->add_option("--satisfied", flags->options.satisfied,
                   "a negative score that is good enough: no sample gains by more; 0 = none")
      ->capture_default_str();
  command->add_option("-n,--count", flags->count, "samples measured before and after")
      ->capture_default_str()
      ->check(CLI::Range(2, 100000));
  command->add_option("--fit", flags->fit, "images of another size in the objective: resize or pad")
      ->check(CLI::IsMember({"resize", "pad"}));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_tune(*flags); }; });
}

}  // namespace steer

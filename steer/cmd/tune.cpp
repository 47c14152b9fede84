// steer tune: fine-tunes a ddn through its own samples.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/judging.h"
#include "steer/work/tuning.h"

namespace steer {
namespace {

struct TuneFlags {
  Common common;
  TuningRequest request;
  std::string run;
};

int run_tune(TuneFlags flags) {
  TuningRequest& request = flags.request;
  request.options.seed = static_cast<uint64_t>(flags.common.seed);
  const Tuning tuning =
      run_tuning(opened(flags.run, flags.common.start()), flags.run, request, on_terminal());
  const auto row = [](const std::string& when, const TunedSamples& samples) -> std::vector<std::string> {
    return {when, fmt::format("{:.4g}", samples.score), fmt::format("{:.4f}", samples.diversity)};
  };
  std::string text =
      table({{"", "score", "diversity"}, row("before", tuning.before), row("after", tuning.after)});
  if (tuning.before.verdict)
    text +=
        "before: " + verdict_text(*tuning.before.verdict) + "after: " + verdict_text(*tuning.after.verdict);
  show(flags.common, tuning_json(tuning, flags.run, request),
       text + fmt::format("{} steps; {} has samples of the same codes before and after\n", tuning.state.steps,
                          tuning.picture));
  return tuning.interrupted ? 130 : 0;
}

}  // namespace

void add_tune(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TuneFlags>();
  TuningRequest& request = flags->request;
  CLI::App* command =
      app.add_subcommand("tune", "fine-tune a ddn through its own samples toward a differentiable objective");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command
      ->add_option("--objective", request.objective,
                   "what samples shall be like, for instance 'label(3, classifier=RUN)'")
      ->required();
  command->add_option("--out", request.out, "run folder to make: the tuned model, samples before and after")
      ->required();
  command->add_option("--minutes", request.options.minutes, "budget in minutes")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--judge", request.judge,
                      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of "
                      "the class asked, before and after");
  command->add_option("--batch", request.options.batch, "samples in a step")->capture_default_str();
  command->add_option("--rate", request.options.rate, "learning rate")->capture_default_str();
  command
      ->add_option("--anchor", request.options.anchor,
                   "weight of the squared distance to what the original model makes of a sample's nearest "
                   "code: keeps samples among its images")
      ->capture_default_str();
  command
      ->add_option("--keep", request.options.keep,
                   "weight of the squared distance to the original's image of the same code: keeps samples "
                   "apart from each other")
      ->capture_default_str();
  command
      ->add_option("--satisfied", request.options.satisfied,
                   "a negative score that is good enough: no sample gains by more; 0 = none")
      ->capture_default_str();
  command->add_option("-n,--count", request.count, "samples measured before and after")
      ->capture_default_str()
      ->check(CLI::Range(2, 100000));
  add_fit_flags(command, request.fit, "images of another size in the objective: resize, pad or crop");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_tune(*flags); }; });
}

}  // namespace steer

// steer reflow: straightens a trained flow, or cuts it down to one step.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/settings.h"
#include "steer/core/progress.h"
#include "steer/work/reflowing.h"

namespace steer {
namespace {

struct ReflowFlags {
  Common common;
  SettingsFlags settings;
  ReflowRequest request;
};

int run_reflow_command(const ReflowFlags& flags) {
  ReflowRequest request = flags.request;
  request.computing = flags.common.start();
  request.seed = flags.common.seed;
  request.settings = flags.settings.settings(request.run);
  const Reflowing made = run_reflow(opened(request.run, request.computing), request, on_terminal());
  if (made.drawn_before) say(fmt::format("{}: its {} pairs were drawn before", request.out, made.pairs));
  const TrainingState& state = made.summary.state;
  show(flags.common, reflowing_json(made, request),
       fmt::format("{}: {} pairs by {}, seen {:.1f} times in {}\n", request.out, made.pairs, made.text,
                   static_cast<double>(state.images) / static_cast<double>(made.pairs),
                   duration_text(state.seconds)));
  if (made.summary.interrupted) say("interrupted: the checkpoint is written; continue with --resume");
  return made.summary.interrupted ? 130 : 0;
}

}  // namespace

void add_reflow(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ReflowFlags>();
  ReflowRequest& request = flags->request;
  CLI::App* command = app.add_subcommand(
      "reflow", "straighten a flow on pairs of noise and its own samples, for few steps or one");
  command->add_option("run", request.run, "run folder or checkpoint file of a flow")->required();
  command->add_option("--out", request.out, "run folder to make or continue")->required();
  command->add_option("--pairs", request.pairs, "pairs to draw")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000000));
  command->add_flag("--distil", request.distil,
                    "train the one step from noise to image instead of straight lines");
  command->add_option("--minutes", request.minutes, "budget of training in minutes")
      ->check(CLI::PositiveNumber);
  command->add_option("--images", request.images, "budget of training in pairs seen")
      ->check(CLI::PositiveNumber);
  command->add_option("--set", request.sets, "an option of training: --set train.rate=1e-4 (repeatable)")
      ->allow_extra_args(false);
  command->add_flag("--resume", request.resume, "continue the run exactly where its last checkpoint stands");
  command
      ->add_option("--batch", request.batch,
                   "pairs drawn at once; they do not depend on it (in a step: --set train.loader.batch=N)")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->settings.add_drawing_to(command);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_reflow_command(*flags); }; });
}

}  // namespace steer

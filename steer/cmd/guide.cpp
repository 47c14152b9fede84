// steer guide: samples steered by an objective the model never saw.
#include "steer/cmd/request.h"
#include "steer/cmd/words.h"
#include "steer/search/yardsticks.h"

namespace steer {
namespace {

Recipe guide_defaults() {
  Recipe recipe;
  recipe.work = "guide";
  recipe.count = 8;
  return recipe;
}

int run_guide(const RequestFlags& flags) {
  Recipe recipe = flags.recipe();
  if (!flags.judge.empty() && !flags.same_judge) check_judge(flags.judge, recipe.objective);
  const LoadedModel loaded = opened(recipe.model.path, flags.common.start());
  share_settings(recipe, loaded);
  return answer(flags.common, recipe, loaded,
                {flags.judge, flags.out, flags.check, flags.film, flags.live, flags.chart});
}

}  // namespace

void add_guide(CLI::App& app, Run& run) {
  auto flags = std::make_shared<RequestFlags>(guide_defaults(), "guided.png",
                                              "picture to write: what was given, then the samples");
  CLI::App* command = app.add_subcommand("guide", "draw samples steered by an objective, without retraining");
  flags->add_to(command);
  command
      ->add_option("--objective", flags->asked.objective,
                   "what is wanted, for instance 'inpaint(x.png, mask=left)'")
      ->required();
  command->add_option(
      "--judge", flags->judge,
      "a classifier (run, checkpoint or TorchScript file) that tells how many samples are of the "
      "class asked");
  command->add_flag("--same-judge", flags->same_judge, "let a network that guides judge too");
  command->add_flag("--check", flags->check,
                    "draw a few of the samples without guidance too, and warn if the objective likes those "
                    "better");
  command->add_option("--chart", flags->chart,
                      "chart of the scores after every step, and of the judge's verdict (SVG), with a .json "
                      "beside it");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  command->footer(words_help());
  command->callback([=, &run] { run = [=] { return run_guide(*flags); }; });
}

}  // namespace steer

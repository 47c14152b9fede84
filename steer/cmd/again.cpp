// steer again: the samples of a picture once more, by the recipe inside.
#include "steer/cmd/request.h"
#include "steer/core/check.h"

namespace steer {
namespace {

struct AgainFlags {
  Common common;
  std::string picture, out = "again.png", model;
  bool programs = false;
};

// The recipe with what the flags say in its place.
Recipe recipe_again(const AgainFlags& flags, const CLI::App& command) {
  Recipe recipe = read_recipe(flags.picture);
  if (!flags.model.empty()) recipe.model.path = flags.model;
  if (command.get_option("--device")->count() > 0) recipe.device = flags.common.device;
  if (command.get_option("--precision")->count() > 0) recipe.precision = flags.common.precision;
  STEER_CHECK(
      flags.programs || !runs_programs(recipe), "[again] ", flags.picture,
      ": expected --programs, because the recipe starts a program of this machine: ", recipe.objective);
  return recipe;
}

int run_again(const AgainFlags& flags, const CLI::App& command) {
  flags.common.start();
  const Recipe recipe = recipe_again(flags, command);
  const LoadedModel loaded = open_for(recipe);
  say(text_of(loaded, {device_of(recipe.device), recipe.precision}));
  return answer(flags.common, recipe, loaded, {"", flags.out});
}

}  // namespace

void add_again(CLI::App& app, Run& run) {
  auto flags = std::make_shared<AgainFlags>();
  CLI::App* command = app.add_subcommand("again", "repeat what made a picture, by the recipe inside it");
  command
      ->add_option("picture", flags->picture, "a PNG by steer sample or steer guide, or the .json beside one")
      ->required();
  add_picture_flag(command, flags->out, flags->common.force, "picture to write");
  command->add_option("--model", flags->model,
                      "run folder or checkpoint file, where the model is no longer where the recipe says; it "
                      "must have the same weights");
  command->add_flag("--programs", flags->programs,
                    "allow a recipe whose objective starts a program; look at it first with steer inspect");
  flags->common.add_to(command, false);
  command->callback([=, &run] { run = [=] { return run_again(*flags, *command); }; });
}

}  // namespace steer

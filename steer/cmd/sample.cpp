// steer sample: unguided samples as pictures.
#include <filesystem>

#include "steer/cmd/request.h"
#include "steer/core/check.h"
#include "steer/core/notice.h"
#include "steer/work/prior_files.h"

namespace steer {
namespace {

Recipe sample_defaults() {
  Recipe recipe;
  recipe.count = 64;
  return recipe;
}

// A prior that is there and not used is easily overlooked; said when all went well.
void mention_prior(const Recipe& recipe) {
  if (recipe.settings.contains("prior") || recipe.from) return;
  if (std::filesystem::exists(prior_path(recipe.model.path)))
    notice("[sample] all codes are drawn alike; " + prior_name(recipe.model.path) +
           " knows which ones occur: --prior draws by it");
}

int run_sample(const RequestFlags& flags) {
  Recipe recipe = flags.recipe();
  STEER_CHECK(flags.judge.empty() || !recipe.telling.label.empty(),
              "[sample] --judge: expected --label, classes to judge by");
  const LoadedModel loaded = opened(recipe.model.path, flags.common.start());
  share_settings(recipe, loaded);
  const int status =
      answer(flags.common, recipe, loaded, {flags.judge, flags.out, false, flags.film, flags.live});
  if (status == 0) mention_prior(recipe);
  return status;
}

}  // namespace

void add_sample(CLI::App& app, Run& run) {
  auto flags = std::make_shared<RequestFlags>(sample_defaults(), "samples.png", "picture to write");
  CLI::App* command = app.add_subcommand("sample", "draw samples from a trained model");
  flags->add_to(command);
  command->add_option("--batch", flags->asked.batch, "samples made at once; the samples do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_option("--judge", flags->judge,
                      "with --label: a classifier (run, checkpoint or TorchScript file) that tells how many "
                      "samples are of their class");
  flags->settings.add_drawing_to(command);
  command->callback([=, &run] { run = [=] { return run_sample(*flags); }; });
}

}  // namespace steer

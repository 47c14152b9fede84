#include "steer/cmd/request.h"
#include "steer/work/outputs.h"

#include <fmt/format.h>

#include "steer/cmd/judging.h"
#include "steer/core/check.h"
#include "steer/core/seed_list.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

std::string answer_text(const RecipeRun& run) {
  const auto count = static_cast<double>(run.recipe.count);
  std::string text = fmt::format("{} samples in {:.2f} s", run.recipe.count, run.seconds);
  text += run.scores.defined()
              ? fmt::format("; score (log-likelihood up to a constant): mean {:.4g}, best {:.4g}\n",
                            run.scores.mean().item<double>(), run.scores.max().item<double>())
              : fmt::format(" ({:.1f} per second)\n", count / run.seconds);
  text += run.text;
  if (run.evaluations > 0) text += fmt::format(": {} network evaluations per sample", run.evaluations);
  text += "\n";
  if (run.beside)
    text += fmt::format("mean score of the first {}: {:.4g}, of unguided ones of the same seeds {:.4g}\n",
                        run.beside->samples, run.beside->guided, run.beside->unguided);
  return text;
}

}  // namespace

RequestFlags::RequestFlags(const Recipe& defaults, std::string out_path, std::string what)
    : asked(defaults), out(std::move(out_path)), what_(std::move(what)) {}

void RequestFlags::add_to(CLI::App* command) {
  command_ = command;
  command->add_option("run", asked.model.path, "run folder or checkpoint file")->required();
  command->add_option("-n,--count", asked.count, "number of samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--seed", seed_,
                   "seed of the first sample, and sample i takes seed + i; or a list with a seed for each "
                   "sample, as 3,7,20:30, where 20:30 is 20 to 29")
      ->capture_default_str();
  add_picture_flag(command, out, common.force,
                   what_ +
                       " (PNG; it holds its recipe, which steer again repeats, and a .json beside it says "
                       "how it was made); with {seed} in the name, one picture for each sample");
  command->add_option("--zoom", asked.zoom, "write each pixel as a square of this side")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  add_fit_flags(command, asked.fit, "files of another size: resize, pad or crop (default: refused)");
  add_telling_flags(command, asked.telling);
  common.add_to(command, false);
}

Recipe RequestFlags::recipe() const {
  Recipe recipe = asked;
  recipe.seeds = parse_seed_list(seed_);
  if (seed_.find_first_of(",:") != std::string::npos) {
    const auto listed = static_cast<int64_t>(recipe.seeds.size());
    STEER_CHECK(command_->get_option("--count")->count() == 0 || recipe.count == listed,
                "[seed] expected no --count beside a list, or the number of its seeds, ", listed,
                ", but got ", recipe.count);
    recipe.count = listed;
  }
  recipe.settings = settings.settings(recipe.model.path);
  recipe.telling.fit = recipe.fit;
  if (recipe.objective.empty()) recipe.fit.clear();
  recipe.precision = common.precision, recipe.device = common.device;
  return recipe;
}

int answer(const Common& common, const Recipe& recipe, const LoadedModel& loaded, const std::string& judge,
           const std::string& out, bool check) {
  check_picture_path(out, recipe);
  for (const int64_t seed : seeds_for(recipe.seeds, recipe.count)) {
    check_picture_output(seed_path(out, seed), common.force);
    if (seed_path(out, seed) == out) break;  // one picture for all
  }
  const RecipeRun run = run_recipe(recipe, loaded, on_terminal(), check);
  if (run.stopped) return 130;
  Json figures = figures_of(run);
  figures["out"] = out;
  std::string verdict;
  if (!judge.empty()) {
    const Verdict found = judged(judge, run.state, run.asked, device_of(recipe.device));
    figures["judge"] = found.figures;
    verdict = verdict_text(found);
  }
  write_run(out, run, figures);
  show(common, figures, recipe.work == "sample" ? verdict + answer_text(run) : answer_text(run) + verdict);
  return 0;
}

}  // namespace steer

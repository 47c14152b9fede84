// steer grid: the same samples under two knobs at once, as one picture.
#include <fmt/format.h>

#include "steer/cmd/request.h"
#include "steer/cmd/words.h"
#include "steer/core/check.h"
#include "steer/work/knob_grid.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct GridFlags : RequestFlags {
  using RequestFlags::RequestFlags;
  std::string x, y;
};

std::string grid_text(const KnobGrid& grid, const GridAxis& x, const GridAxis& y) {
  std::vector<std::vector<std::string>> rows(1, {x.name});
  if (!y.name.empty()) rows[0].push_back(y.name);
  const bool scored = grid.cells.at(0).run.scores.defined();
  if (scored) rows[0].push_back("mean score");
  rows[0].insert(rows[0].end(), {"evaluations", "seconds"});
  for (const GridCell& cell : grid.cells) {
    std::vector<std::string>& row = rows.emplace_back(1, cell.x);
    if (!y.name.empty()) row.push_back(cell.y);
    if (scored) row.push_back(fmt::format("{:.4g}", cell.run.scores.mean().item<double>()));
    row.push_back(cell.run.evaluations > 0 ? std::to_string(cell.run.evaluations) : "");
    row.push_back(fmt::format("{:.2f}", cell.run.seconds));
  }
  return table(rows);
}

int run_grid(const GridFlags& flags) {
  Recipe recipe = flags.recipe();
  recipe.work = recipe.objective.empty() ? "sample" : "guide";
  const GridAxis x = axis_of(flags.x, "--x"), y = flags.y.empty() ? GridAxis() : axis_of(flags.y, "--y");
  STEER_CHECK(recipe.then.empty(), "[grid] expected no --then: a grid is of one model");
  check_picture_output(flags.out, flags.common.force);
  const LoadedModel loaded = opened(recipe.model.path, flags.common.start());
  const KnobGrid grid = knob_grid(recipe, loaded, x, y, on_terminal());
  if (grid.stopped) return 130;
  Json figures = {{"run", recipe.model.path}, {"out", flags.out}};
  figures.update(figures_of(grid, x, y));
  write_picture(flags.out, grid.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  show(flags.common, figures, grid_text(grid, x, y));
  return 0;
}

}  // namespace

void add_grid(CLI::App& app, Run& run) {
  Recipe defaults;
  auto flags = std::make_shared<GridFlags>(defaults, "grid.png", "");
  CLI::App* command = app.add_subcommand(
      "grid",
      "the same samples under one or two knobs: a picture of a column for each value of the one, a row "
      "for each of the other");
  flags->add_request_to(command);
  add_picture_flag(command, flags->out, flags->common.force,
                   "picture to write; a .json beside it has the recipe and the figures of each place");
  command
      ->add_option("--x", flags->x,
                   "from left to right: NAME=VALUE,VALUE,..., where NAME is a setting of the model (steps, "
                   "strength, method, guidance.climb.rho, sampler.solver.churn; of a ddn top, beam) or seed, "
                   "label, objective, noise")
      ->required();
  command->add_option("--y", flags->y, "from top to bottom, the same");
  command->add_option("--objective", flags->asked.objective,
                      "what is wanted; without it samples are drawn unguided");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  command->footer(words_help());
  command->callback([=, &run] { run = [=] { return run_grid(*flags); }; });
}

}  // namespace steer

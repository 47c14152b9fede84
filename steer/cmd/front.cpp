// steer front: two goals against each other, over the weights between them.
#include <fmt/format.h>

#include <cmath>

#include "steer/cmd/request.h"
#include "steer/cmd/words.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/work/front.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct FrontFlags : RequestFlags {
  using RequestFlags::RequestFlags;
  std::vector<std::string> goals;
  std::vector<double> weights{0.1, 0.3, 1, 3, 10};
};

std::string front_text(const Front& found) {
  std::vector<std::vector<std::string>> rows = {
      {"weight of the second", "score of the first", "of the second", ""}};
  for (const FrontPoint& point : found.points)
    rows.push_back({std::isfinite(point.weight) ? fmt::format("{:g}", point.weight) : "alone",
                    fmt::format("{:.4g}", point.first), fmt::format("{:.4g}", point.second),
                    point.best ? "not beaten" : ""});
  return table(rows);
}

int run_front(const FrontFlags& flags) {
  Recipe recipe = flags.recipe();
  recipe.work = "guide", recipe.objective = flags.goals.at(0);
  STEER_CHECK(recipe.then.empty(), "[front] expected no --then: a front is of one model");
  check_picture_output(flags.out, flags.common.force);
  if (!flags.chart.empty()) check_file_output(flags.chart, OutputKind::kChart, flags.common.force);
  const LoadedModel loaded = opened(recipe.model.path, flags.common.start());
  const Front found = front(recipe, loaded, flags.goals.at(1), flags.weights, on_terminal());
  if (found.grid.stopped) return 130;
  Json figures = {{"run", recipe.model.path}, {"out", flags.out}};
  figures.update(found.figures);
  write_picture(flags.out, found.grid.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  if (!flags.chart.empty()) {
    write_file(flags.chart, found.chart);
    write_twin(flags.chart, figures);
    say(fmt::format("wrote {}", flags.chart));
  }
  show(flags.common, figures, front_text(found));
  return 0;
}

}  // namespace

void add_front(CLI::App& app, Run& run) {
  auto flags = std::make_shared<FrontFlags>(Recipe(), "front.png", "");
  flags->asked.count = 8;
  CLI::App* command = app.add_subcommand(
      "front", "two goals against each other: samples and scores of both for several weights between them");
  flags->add_request_to(command);
  command->add_option("--objective", flags->goals, "a goal, given twice: for each of the two")
      ->required()
      ->expected(2)
      ->allow_extra_args(false);
  command
      ->add_option("--weights", flags->weights,
                   "of the second goal where the first has 1, rising; each goal is tried alone too")
      ->capture_default_str()
      ->delimiter(',');
  add_picture_flag(command, flags->out, flags->common.force,
                   "picture to write: a row of samples for each weight; a .json beside it has the scores");
  command->add_option("--chart", flags->chart, "the scores as a chart (SVG)");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  command->footer(words_help());
  command->callback([=, &run] { run = [=] { return run_front(*flags); }; });
}

}  // namespace steer

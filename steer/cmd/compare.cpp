// steer compare: the same tasks over several models and ways of guidance, as a page of tables and pictures.
#include <algorithm>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/work/comparing.h"
#include "steer/work/outputs.h"

namespace steer {
namespace {

struct CompareFlags {
  Common common;
  std::string runs, tasks, out = "report";
};

// NAME=RUN,NAME=RUN or RUN,RUN.
std::vector<Contestant> contestants_of(const std::string& runs, const Computing& computing) {
  std::vector<Contestant> contestants;
  for (size_t at = 0; at <= runs.size();) {
    const size_t comma = std::min(runs.find(',', at), runs.size());
    const std::string item = runs.substr(at, comma - at);
    const size_t equals = item.find('=');
    STEER_CHECK(!item.empty() && equals != 0 && equals != item.size() - 1,
                "[compare] --runs: expected NAME=RUN,... but got ", in_quotes(runs));
    const std::string path = equals == std::string::npos ? item : item.substr(equals + 1);
    contestants.push_back(
        {equals == std::string::npos ? item : item.substr(0, equals), opened(path, computing)});
    at = comma + 1;
  }
  return contestants;
}

std::string compared_text(const Compared& compared) {
  std::string text;
  for (const ComparedTable& task : compared.tables) {
    const ReportTable shown = table_of(task);
    std::vector<std::vector<std::string>> rows = {shown.columns};
    for (const std::vector<ReportCell>& cells : shown.rows) {
      rows.emplace_back();
      for (const ReportCell& cell : cells) rows.back().push_back(cell.text);
    }
    text += task.name + ": " + task.objective + "\n" + table(rows) + "\n";
  }
  return text + compared.page + " shows it with pictures\n";
}

int run_compare(const CompareFlags& flags) {
  check_page_output(flags.out, flags.common.force);
  const Computing computing = flags.common.start();
  ComparingOptions options;
  options.plan = read_comparison(flags.tasks);
  options.out = flags.out, options.seed = static_cast<uint64_t>(flags.common.seed);
  const Compared compared =
      compare(contestants_of(flags.runs, computing), options, computing.device, on_terminal());
  if (compared.interrupted) {
    say("interrupted: what is done is kept; the same command goes on");
    return 130;
  }
  show(flags.common, compared.figures, compared_text(compared));
  return 0;
}

}  // namespace

void add_compare(CLI::App& app, Run& run) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = app.add_subcommand(
      "compare",
      "run the same tasks over several models and ways of guidance; writes a page with tables and pictures");
  command->add_option("--runs", flags->runs, "NAME=RUN,NAME=RUN: models of the same kind and size of sample")
      ->required();
  command
      ->add_option(
          "--objectives", flags->tasks,
          "a JSON file: {\"tasks\": [{\"name\", \"objective\", \"data\", \"judge\", \"features\", \"count\", "
          "...}], \"methods\": {...}, \"search\": trials}; docs/guidance.md explains it")
      ->required();
  command
      ->add_option("-o,--out", flags->out,
                   "folder to write: index.html, its pictures, figures.json; a folder of an interrupted "
                   "comparison is gone on with")
      ->capture_default_str();
  add_force_flag(command, flags->common.force, "an index.html");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_compare(*flags); }; });
}

}  // namespace steer

// steer tell: what a network of properties tells of molecules.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/work/property_telling.h"

namespace steer {
namespace {

struct TellFlags {
  Common common;
  TellingSource source;
  std::string run;
};

constexpr int64_t kMostRows = 40;

// A row for each molecule, or of a data set one for each property.
std::string told_table(const ToldProperties& found) {
  const auto number = [](double value) { return fmt::format("{:.4g}", value); };
  if (found.known.defined()) {
    std::vector<std::vector<std::string>> rows = {
        {"property", "mean absolute error", "deviation of the data"}};
    for (const std::string& name : found.names)
      rows.push_back({name, number(found.figures["mae"][name].get<double>()),
                      number(found.figures["mad"][name].get<double>())});
    return table(rows) + fmt::format("{} molecules of the test part\n", found.told.size(0));
  }
  std::vector<std::vector<std::string>> rows = {{"molecule"}};
  rows[0].insert(rows[0].end(), found.names.begin(), found.names.end());
  for (int64_t i = 0; i < std::min(found.told.size(0), kMostRows); ++i) {
    rows.push_back({std::to_string(i + 1)});
    for (int64_t j = 0; j < found.told.size(1); ++j)
      rows.back().push_back(number(found.told[i][j].item<double>()));
  }
  const int64_t left = found.told.size(0) - kMostRows;
  return table(rows) + (left > 0 ? fmt::format("and {} more, which --json tells\n", left) : "");
}

int run_tell(const TellFlags& flags) {
  const Computing computing = flags.common.start();
  TellingSource source = flags.source;
  source.device = computing.device;
  const LoadedModel loaded = opened(flags.run, computing);
  ToldProperties found = told_properties(loaded, source, on_terminal());
  found.figures["run"] = flags.run;
  show(flags.common, found.figures, told_table(found));
  return 0;
}

}  // namespace

void add_tell(CLI::App& app, Run& run) {
  auto flags = std::make_shared<TellFlags>();
  TellingSource& source = flags->source;
  CLI::App* command = app.add_subcommand(
      "tell", "what a network of properties tells of molecules, in files or beside what a data set knows");
  command->add_option("run", flags->run, "run folder or checkpoint file of a property model")->required();
  command->add_option("files", source.files, "molecules: .xyz, .sdf or .pdb, one or many in each");
  command->add_option("--data", source.data, "a data set that knows the properties, as QM9");
  command->add_option("-n,--count", source.count, "molecules of its test part; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_tell(*flags); }; });
}

}  // namespace steer

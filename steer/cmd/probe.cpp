// steer probe: what the codes of a data set tell of its labels.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/work/probing.h"

namespace steer {
namespace {

struct ProbeFlags {
  Common common;
  ProbeOptions options;
  std::string run;
};

std::string probe_table(const Probing& found) {
  const auto share = [](double value) { return fmt::format("{:.1f} %", 100 * value); };
  std::vector<std::vector<std::string>> rows = {
      {"layer", "numbers", "bits", "neighbours", "of PCA", "linear map", "of PCA"}};
  for (const ProbeRow& row : found.rows)
    rows.push_back({std::to_string(row.layer), std::to_string(row.values), std::to_string(row.bits),
                    share(row.nearest), share(row.nearest_of_pca), share(row.linear),
                    share(row.linear_of_pca)});
  return table(rows);
}

int run_probe(const ProbeFlags& flags) {
  const Computing computing = flags.common.start();
  ProbeOptions options = flags.options;
  options.device = computing.device;
  const LoadedModel loaded = opened(flags.run, computing);
  Probing found = probe(loaded, options, on_terminal());
  found.figures["run"] = flags.run;
  show(flags.common, found.figures,
       probe_table(found) +
           fmt::format("labels of {} test images told by {} training images; of the {} nearest {:.1f} % have "
                       "the label (by the images themselves {:.1f} %)\n",
                       found.tested, found.known, found.retrieved, 100 * found.retrieval,
                       100 * found.retrieval_of_samples));
  return 0;
}

}  // namespace

void add_probe(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ProbeFlags>();
  ProbeOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "probe", "what codes tell of labels, layer by layer: neighbours and a linear map, beside PCA");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", options.data, "a data set with labels")->required();
  add_fit_flags(command, options.fit, "how its images reach the model's size");
  command->add_option("-n,--count", options.known, "training images that are known; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  command->add_option("--test-count", options.tested, "test images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  command->add_option("-k,--neighbours", options.neighbours, "nearest training images that vote")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_probe(*flags); }; });
}

}  // namespace steer

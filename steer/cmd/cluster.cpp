// steer cluster: the first layers of the code as clusters that nobody labelled.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/cmd/command.h"
#include "steer/work/clustering.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

struct ClusterFlags {
  Common common;
  ClusterOptions options;
  std::string run, out = "clusters.png";
};

// The largest clusters, as many as a screen holds.
std::string cluster_table(const Clustering& found) {
  constexpr size_t kMostRows = 41;
  std::vector<std::vector<std::string>> rows = {{"cluster", "images", "most frequent label", "share"}};
  for (const Cluster& cluster : found.clusters) {
    if (rows.size() == kMostRows) {
      rows.push_back({"..."});
      break;
    }
    const bool labelled = cluster.label >= 0;
    rows.push_back({fmt::format("{}", fmt::join(cluster.prefix, ".")), std::to_string(cluster.rows.size(0)),
                    labelled ? std::to_string(cluster.label) : "-",
                    labelled ? fmt::format("{:.0f} %", 100 * cluster.share) : "-"});
  }
  return table(rows);
}

int run_cluster(const ClusterFlags& flags) {
  check_picture_output(flags.out, flags.common.force);
  const Computing computing = flags.common.start();
  ClusterOptions options = flags.options;
  options.device = computing.device;
  const LoadedModel loaded = opened(flags.run, computing);
  const Clustering found = cluster(loaded, options, on_terminal());
  Json figures = {{"run", flags.run}, {"data", options.data}};
  figures.update(found.figures);
  write_picture(flags.out, found.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  std::string text = fmt::format("{} images in {} clusters of {} levels", found.samples,
                                 found.clusters.size(), options.levels);
  if (found.agreement)
    text += fmt::format(": purity {:.1f} %, normalised mutual information {:.3f}",
                        100 * found.agreement->purity, found.agreement->normalised_mutual_information);
  show(flags.common, figures, cluster_table(found) + text + "\n");
  return 0;
}

}  // namespace

void add_cluster(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ClusterFlags>();
  ClusterOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "cluster", "the nodes of the first layers as clusters of a data set, measured against its labels");
  command->footer([] {
    return std::string(
        "Where the first layers are of one or few pixels they tell brightness apart rather than shape.\n");
  });
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", options.data, "the data set")->required();
  command->add_option("--split", options.split, "train, test or validation")->capture_default_str();
  add_fit_flags(command, options.fit, "how its images reach the model's size");
  command->add_option("-n,--count", options.count, "images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  command->add_option("--layers,--levels", options.levels, "layers that must agree within a cluster")
      ->capture_default_str()
      ->check(CLI::Range(1, 65535));
  command->add_option("--shown", options.shown, "clusters in the picture, the largest first")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--members", options.members, "images of each cluster in the picture")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  add_picture_flag(command, flags->out, flags->common.force,
                   "picture to write: each row a cluster's own image and then some that fell into it");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_cluster(*flags); }; });
}

}  // namespace steer

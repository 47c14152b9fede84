// steer cluster: samples in groups that nobody labelled, by what a model chose for them.
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
    const std::string name = cluster.prefix.empty() ? std::to_string(rows.size())
                                                    : fmt::format("{}", fmt::join(cluster.prefix, "."));
    rows.push_back({name, std::to_string(cluster.rows.size(0)),
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
  std::string text = fmt::format("{} images in {} clusters", found.samples, found.clusters.size());
  if (options.by == "prefix") text += fmt::format(" of {} levels", options.levels);
  const auto told = [](const ClusterAgreement& a) {
    return fmt::format("purity {:.1f} %, normalised mutual information {:.3f}", 100 * a.purity,
                       a.normalised_mutual_information);
  };
  if (found.agreement) text += ": " + told(*found.agreement);
  if (found.plain) text += " (k-means of the images themselves: " + told(*found.plain) + ")";
  show(flags.common, figures, cluster_table(found) + text + "\n");
  return 0;
}

}  // namespace

void add_cluster(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ClusterFlags>();
  ClusterOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "cluster", "group a data set by the images that the model chooses, measured against its labels");
  command->footer([] {
    return std::string(
        "By prefix, where the first layers are of one or few pixels, clusters tell brightness apart rather "
        "than "
        "shape.\n");
  });
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", options.data, "the data set")->required();
  command->add_option("--split", options.split, "train, test or validation")->capture_default_str();
  add_fit_flags(command, options.fit, "how its images reach the model's size");
  command->add_option("-n,--count", options.count, "images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  command
      ->add_option(
          "--by", options.by,
          "images: k-means of the chosen images, those after the last layer of each size side by side; "
          "prefix: one cluster for each beginning of the code")
      ->capture_default_str()
      ->check(CLI::IsMember({"images", "prefix"}));
  command
      ->add_option("-k,--clusters", options.clusters,
                   "--by images: how many (default: 10, or fewer of few images)")
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--layers,--levels", options.levels,
                   "--by prefix: layers that must agree within a cluster")
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

// steer cluster: the first layers of the code as clusters that nobody labelled.
#include <fmt/format.h>

#include <algorithm>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/progressive.h"
#include "steer/metrics/clusters.h"

namespace steer {
namespace {

struct ClusterFlags {
  Common common;
  std::string run, data, split = "test", fit, out = "clusters.png";
  int64_t levels = 1, count = 1000, shown = 32, members = 8, batch = 64;
};

struct Cluster {
  torch::Tensor prefix;  // int64 [levels]
  torch::Tensor rows;    // int64 [M], its images
};

// Images that share the first `levels` indices, largest group first; and each image's group.
std::vector<Cluster> clusters_of(const torch::Tensor& prefix, torch::Tensor& group) {
  const auto unique = at::unique_dim(prefix, 0, true, true, true);
  group = std::get<1>(unique);
  std::vector<Cluster> clusters;
  for (int64_t i = 0; i < std::get<0>(unique).size(0); ++i)
    clusters.push_back({std::get<0>(unique)[i], group.eq(i).nonzero().squeeze(1)});
  std::stable_sort(clusters.begin(), clusters.end(),
                   [](const Cluster& a, const Cluster& b) { return a.rows.size(0) > b.rows.size(0); });
  return clusters;
}

int run_cluster(const ClusterFlags& flags) {
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "cluster");
  DdnModel& model = *loaded.model;
  const int64_t depth = model.network().depth();
  STEER_CHECK(flags.levels <= depth, "[cluster] --levels: expected 1 to ", depth, " but got ", flags.levels);
  const Loaded images = load_images(flags.data, flags.split, flags.fit, model.shape(), flags.count);
  // The image of each one's cluster comes with its code.
  std::vector<torch::Tensor> codes, nodes;
  for (int64_t at = 0; at < images.x.size(0); at += flags.batch) {
    const torch::Tensor some =
        images.x.narrow(0, at, std::min(flags.batch, images.x.size(0) - at)).to(device);
    const Progression made = progression(model.network(), some.size(0), nearest_to(some), {flags.levels - 1});
    codes.push_back(made.code.cpu());
    nodes.push_back(made.images[0].clamp(-1, 1).cpu());
  }
  const torch::Tensor prefix = at::cat(codes).narrow(1, 0, flags.levels), node = at::cat(nodes);
  torch::Tensor group;
  const std::vector<Cluster> clusters = clusters_of(prefix, group);
  const bool labelled = images.label.min().item<int64_t>() >= 0;

  std::vector<std::vector<std::string>> rows = {{"cluster", "images", "most frequent label", "share"}};
  Json list = Json::array();
  std::vector<torch::Tensor> cells;
  const torch::Tensor white = at::ones_like(images.x[0]).unsqueeze(0);
  for (size_t i = 0; i < clusters.size(); ++i) {
    const Cluster& cluster = clusters[i];
    const int64_t size = cluster.rows.size(0);
    std::string label = "-", share = "-";
    Json entry = {{"prefix", std::vector<int64_t>(cluster.prefix.data_ptr<int64_t>(),
                                                  cluster.prefix.data_ptr<int64_t>() + flags.levels)},
                  {"images", size}};
    if (labelled) {
      const torch::Tensor counts = at::bincount(images.label.index_select(0, cluster.rows));
      const auto most = counts.argmax().item<int64_t>();
      const double part = counts[most].item<double>() / static_cast<double>(size);
      label = std::to_string(most), share = fmt::format("{:.0f} %", 100 * part);
      entry["label"] = most, entry["share"] = part;
    }
    std::string name;
    for (const auto& index : entry["prefix"]) name += (name.empty() ? "" : ".") + index.dump();
    rows.push_back({name, std::to_string(size), label, share});
    list.push_back(entry);
    if (static_cast<int64_t>(i) >= flags.shown) continue;
    cells.push_back(node.index_select(0, cluster.rows.narrow(0, 0, 1)));
    const int64_t members = std::min(flags.members, size);
    cells.push_back(images.x.index_select(0, cluster.rows.narrow(0, 0, members)));
    for (int64_t m = members; m < flags.members; ++m) cells.push_back(white);
  }
  Json figures = {{"run", flags.run},
                  {"data", flags.data},
                  {"images", images.x.size(0)},
                  {"levels", flags.levels},
                  {"clusters", clusters.size()}};
  std::string text =
      fmt::format("{} images in {} clusters of {} levels", images.x.size(0), clusters.size(), flags.levels);
  if (labelled) {
    const ClusterAgreement agreement = cluster_agreement(group, images.label);
    figures["purity"] = agreement.purity;
    figures["normalised_mutual_information"] = agreement.normalised_mutual_information;
    text += fmt::format(": purity {:.1f} %, normalised mutual information {:.3f}", 100 * agreement.purity,
                        agreement.normalised_mutual_information);
  }
  figures["list"] = list;
  write_picture(flags.out, image_grid(at::cat(cells), flags.members + 1), figures);
  constexpr size_t kMaxRows = 41;
  if (rows.size() > kMaxRows) rows.resize(kMaxRows), rows.push_back({"..."});
  show(flags.common, figures, table(rows) + text + "\n");
  return 0;
}

}  // namespace

void add_cluster(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ClusterFlags>();
  CLI::App* command = app.add_subcommand(
      "cluster", "the nodes of the first layers as clusters of a data set, measured against its labels");
  command->footer(
      "Where the first layers are of one or few pixels they tell brightness apart rather than shape.");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", flags->data, "the data set")->required();
  command->add_option("--split", flags->split, "train or test")->capture_default_str();
  command->add_option("--fit", flags->fit, "how its images reach the model's size")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", flags->count, "images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  command->add_option("--levels", flags->levels, "layers that must agree within a cluster")
      ->capture_default_str()
      ->check(CLI::Range(1, 65535));
  command->add_option("--shown", flags->shown, "clusters in the picture, the largest first")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--members", flags->members, "images of each cluster in the picture")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command
      ->add_option("-o,--out", flags->out,
                   "picture to write: each row a cluster's own image and then some that fell into it")
      ->capture_default_str();
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_cluster(*flags); }; });
}

}  // namespace steer

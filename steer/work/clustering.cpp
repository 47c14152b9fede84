#include "steer/work/clustering.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/work/encoding.h"
#include "steer/work/pictures.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"

namespace steer {
namespace {

void add_label(Cluster& cluster, const Tensor& label) {
  const Tensor counts = at::bincount(label.index_select(0, cluster.rows));
  cluster.label = counts.argmax().item<int64_t>();
  cluster.share = counts[cluster.label].item<double>() / static_cast<double>(cluster.rows.size(0));
}

// Each row what a cluster's prefix says and then some of its samples; where there are too few, the largest
// numbers: white pixels.
Tensor cluster_picture(const Space& space, const std::vector<Cluster>& clusters, const State& samples,
                       const State& nodes, int64_t members) {
  std::vector<State> cells;
  for (int64_t i = 0; i < nodes.size(); ++i) {
    const Tensor& rows = clusters[static_cast<size_t>(i)].rows;
    const int64_t some = std::min(members, rows.size(0));
    cells.push_back(nodes.narrow(i, 1));
    cells.push_back(samples.rows(rows.narrow(0, 0, some)));
    if (some < members) {
      State empty = samples.rows(at::zeros({members - some}, torch::kInt64));
      empty.x = at::full_like(empty.x, space.limit);
      cells.push_back(empty);
    }
  }
  return picture_of(space, concatenated(cells), members + 1);
}

Json cluster_figures(const Clustering& found, int64_t levels) {
  Json figures = {{"images", found.samples}, {"levels", levels}, {"clusters", found.clusters.size()}};
  if (found.agreement) {
    figures["purity"] = found.agreement->purity;
    figures["normalised_mutual_information"] = found.agreement->normalised_mutual_information;
  }
  Json list = Json::array();
  for (const Cluster& cluster : found.clusters) {
    Json entry = {{"prefix", cluster.prefix}, {"images", cluster.rows.size(0)}};
    if (found.agreement) entry["label"] = cluster.label, entry["share"] = cluster.share;
    list.push_back(entry);
  }
  figures["list"] = list;
  return figures;
}

// The number of each row's cluster: int64 [N].
Tensor numbers_of(const std::vector<Cluster>& clusters, int64_t samples) {
  Tensor numbers = at::empty({samples}, torch::kInt64);
  for (size_t i = 0; i < clusters.size(); ++i)
    numbers.index_fill_(0, clusters[i].rows, static_cast<int64_t>(i));
  return numbers;
}

}  // namespace

std::vector<Cluster> clusters_of(const Tensor& prefix, const Tensor& label) {
  const auto unique = at::unique_dim(prefix, 0, true, true, true);
  const Tensor& kinds = std::get<0>(unique);
  // Rows of one kind stand together, in their own order.
  const Tensor rows = std::get<1>(unique).argsort(true, 0, false);
  std::vector<Cluster> clusters;
  int64_t at = 0;
  for (int64_t i = 0; i < kinds.size(0); ++i) {
    const auto count = std::get<2>(unique)[i].item<int64_t>();
    const Tensor indices = kinds[i].contiguous();
    Cluster cluster;
    cluster.prefix.assign(indices.data_ptr<int64_t>(), indices.data_ptr<int64_t>() + indices.numel());
    cluster.rows = rows.narrow(0, at, count);
    if (label.defined()) add_label(cluster, label);
    clusters.push_back(cluster);
    at += count;
  }
  std::stable_sort(clusters.begin(), clusters.end(),
                   [](const Cluster& a, const Cluster& b) { return a.rows.size(0) > b.rows.size(0); });
  return clusters;
}

Clustering cluster(const LoadedModel& loaded, const ClusterOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec(loaded, "cluster");
  const auto depth = static_cast<int64_t>(codec.candidates().size());
  STEER_CHECK(options.levels >= 1 && options.levels <= depth, "[cluster] --levels: expected 1 to ", depth,
              " but got ", options.levels);
  const auto [samples, label, classes] =
      load_samples(options.data, options.split, options.fit, codec.space(), options.count);
  const Told told = told_by({}, *loaded.model, samples, label, classes);
  const Tensor code = encode_all(codec, samples, options.batch, 1, options.device, told, watch).code;
  const bool labelled = label.defined() && label.min().item<int64_t>() >= 0;

  Clustering found;
  found.clusters = clusters_of(code.narrow(1, 0, options.levels), labelled ? label : Tensor());
  found.samples = samples.size();
  if (labelled) found.agreement = cluster_agreement(numbers_of(found.clusters, found.samples), label);
  std::vector<int64_t> first;
  for (const Cluster& cluster : found.clusters)
    if (static_cast<int64_t>(first.size()) < options.shown) first.push_back(cluster.rows[0].item<int64_t>());
  const Tensor of = at::tensor(first, torch::kInt64);
  const std::vector<State> nodes = unfold_all(codec, code.index_select(0, of), {options.levels - 1},
                                              options.batch, options.device, told.rows(of), watch);
  found.picture = cluster_picture(codec.space(), found.clusters, samples, nodes[0], options.members);
  found.figures = cluster_figures(found, options.levels);
  return found;
}

}  // namespace steer

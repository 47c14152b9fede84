#include "steer/work/clustering.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/metrics/k_means.h"
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

Json cluster_figures(const Clustering& found, const ClusterOptions& options) {
  Json figures = {{"images", found.samples}, {"by", options.by}, {"clusters", found.clusters.size()}};
  if (options.by == "prefix") figures["levels"] = options.levels;
  if (found.agreement) {
    figures["purity"] = found.agreement->purity;
    figures["normalised_mutual_information"] = found.agreement->normalised_mutual_information;
  }
  if (found.plain) {
    figures["purity_of_the_samples"] = found.plain->purity;
    figures["normalised_mutual_information_of_the_samples"] = found.plain->normalised_mutual_information;
  }
  Json list = Json::array();
  for (const Cluster& cluster : found.clusters) {
    Json entry = {{"prefix", cluster.prefix}, {"images", cluster.rows.size(0)}};
    if (cluster.prefix.empty()) entry.erase("prefix");
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

namespace {

constexpr uint64_t kSeed = 0;  // of k-means

// Everything that both ways work on.
struct Work {
  const Codec& codec;
  const ClusterOptions& options;
  const State& samples;
  const Tensor& label;  // int64 [N], or undefined
  const Told& told;
  const Tensor& code;  // int64 [N, L]
  const WorkWatch& watch;
};

// The chosen images of all sizes side by side: float32 [N, D].
Tensor embedding_of(const Work& work) {
  std::vector<Tensor> parts;
  for (const State& at : unfold_all(work.codec, work.code, last_of_sizes(work.codec), work.options.batch,
                                    work.options.device, work.told, work.watch))
    parts.push_back(at.x.flatten(1).to(torch::kFloat32));
  return at::cat(parts, 1);
}

// Clusters around centres, the largest first, each with its rows from the centre outwards.
std::vector<Cluster> around_centres(const KMeans& means, const Tensor& points, const Tensor& label) {
  std::vector<Cluster> clusters = clusters_of(means.group.unsqueeze(1), label);
  for (Cluster& cluster : clusters) {
    const Tensor& centre = means.centre[cluster.prefix[0]];
    const Tensor distance = (points.index_select(0, cluster.rows) - centre).square().sum(1);
    cluster.rows = cluster.rows.index_select(0, distance.argsort(true, 0, false));
    cluster.prefix.clear();
  }
  return clusters;
}

// The first row of each cluster that is shown.
Tensor first_rows(const std::vector<Cluster>& clusters, int64_t shown) {
  std::vector<int64_t> first;
  for (const Cluster& cluster : clusters)
    if (static_cast<int64_t>(first.size()) < shown) first.push_back(cluster.rows[0].item<int64_t>());
  return at::tensor(first, torch::kInt64);
}

// What the codes of these rows say after `layer`.
State said(const Work& work, const Tensor& rows, int64_t layer) {
  return unfold_all(work.codec, work.code.index_select(0, rows), {layer}, work.options.batch,
                    work.options.device, work.told.rows(rows), work.watch)[0];
}

State by_images(const Work& work, Clustering& found) {
  constexpr int64_t kUsual = 10;
  const int64_t k = work.options.clusters > 0 ? work.options.clusters : std::min(kUsual, work.samples.size());
  STEER_CHECK(k >= 1 && k <= work.samples.size(), "[cluster] --clusters: expected 1 to ", work.samples.size(),
              ", the number of samples, but got ", k);
  const Tensor points = embedding_of(work);
  found.clusters = around_centres(k_means(points, k, kSeed), points, work.label);
  if (work.label.defined()) {
    const Tensor plain = work.samples.x.flatten(1).to(torch::kFloat32);
    found.plain = cluster_agreement(k_means(plain, k, kSeed).group, work.label);
  }
  return said(work, first_rows(found.clusters, work.options.shown), work.code.size(1) - 1);
}

State by_prefix(const Work& work, Clustering& found) {
  const int64_t levels = work.options.levels;
  STEER_CHECK(levels >= 1 && levels <= work.code.size(1), "[cluster] --levels: expected 1 to ",
              work.code.size(1), " but got ", levels);
  found.clusters = clusters_of(work.code.narrow(1, 0, levels), work.label);
  return said(work, first_rows(found.clusters, work.options.shown), levels - 1);
}

}  // namespace

Clustering cluster(const LoadedModel& loaded, const ClusterOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "cluster");
  STEER_CHECK(options.by == "images" || options.by == "prefix",
              "[cluster] expected clusters by images or prefix but got \"", options.by, "\"");
  const auto [samples, label, classes] =
      load_samples(options.data, options.split, options.fit, codec.space(), options.count);
  const Told told = told_by({}, *loaded.model, samples, label, classes);
  const Tensor code = encode_all(codec, samples, options.batch, 1, options.device, told, watch).code;
  const bool labelled = label.defined() && label.min().item<int64_t>() >= 0;
  const Tensor labels = labelled ? label : Tensor();

  Clustering found;
  found.samples = samples.size();
  const Work work{codec, options, samples, labels, told, code, watch};
  const State nodes = options.by == "images" ? by_images(work, found) : by_prefix(work, found);
  if (labelled) found.agreement = cluster_agreement(numbers_of(found.clusters, found.samples), label);
  found.picture = cluster_picture(codec.space(), found.clusters, samples, nodes, options.members);
  found.figures = cluster_figures(found, options);
  return found;
}

}  // namespace steer

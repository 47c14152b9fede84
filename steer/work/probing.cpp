#include "steer/work/probing.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/metrics/probes.h"
#include "steer/work/encoding.h"
#include "steer/work/samples.h"

namespace steer {
namespace {

// A part of the data: its samples as rows, what its codes say after layers, and the labels.
struct ProbedPart {
  Tensor x;                    // [N, D]
  std::vector<Tensor> images;  // of each layer, [N, d]
  Tensor label;                // int64 [N]
};

ProbedPart part_of(const Codec& codec, const ProbeOptions& options, const std::string& split, int64_t count,
                   const std::vector<int64_t>& layers, const WorkWatch& watch) {
  const LoadedSamples data = load_samples(options.data, split, options.fit, codec.space(), count);
  STEER_CHECK(data.label.defined() && data.label.min().item<int64_t>() >= 0, "[probe] ", options.data,
              ": expected samples with labels but these have none");
  ProbedPart part;
  part.label = data.label;
  part.x = data.state.x.flatten(1);
  const Tensor code = encode_all(codec, data.state, options.batch, 1, options.device, {}, watch).code;
  const std::vector<State> shown = unfold_all(codec, code, layers, options.batch, options.device, {}, watch);
  for (size_t i = 0; i < layers.size(); ++i) {
    // At the layer's own size, of which samples show repeated pixels.
    const std::vector<int64_t> place = codec.places()[static_cast<size_t>(layers[i])];
    const Tensor maps = as_maps(codec.space(), shown[i].x);
    part.images.push_back(area_resize(maps, place.at(0), place.at(1)).flatten(1).to(torch::kFloat32));
  }
  return part;
}

// The mean share of the `count` nearest known rows that have the label.
double retrieval_of(const Tensor& known, const Tensor& known_label, const Tensor& tested, const Tensor& label,
                    int64_t count) {
  constexpr int64_t kAtOnce = 512;
  double right = 0;
  for (int64_t at = 0; at < tested.size(0); at += kAtOnce) {
    const int64_t rows = std::min(kAtOnce, tested.size(0) - at);
    const Tensor near = std::get<1>(at::cdist(tested.narrow(0, at, rows), known).topk(count, 1, false));
    const Tensor labels = known_label.index_select(0, near.flatten()).view(near.sizes());
    right += (labels == label.narrow(0, at, rows).unsqueeze(1)).to(torch::kFloat64).sum().item<double>();
  }
  return right / static_cast<double>(tested.size(0) * count);
}

ProbeRow row_of(const Labelled& known, const Labelled& tested, const ProbedPart& all, const ProbedPart& test,
                int64_t neighbours) {
  ProbeRow row;
  row.values = known.x.size(1);
  row.nearest = nearest_accuracy(known, tested, neighbours);
  row.linear = linear_accuracy(known, tested);
  const Labelled by = {principal_components(all.x, all.x, row.values), all.label},
                 of = {principal_components(all.x, test.x, row.values), test.label};
  row.nearest_of_pca = nearest_accuracy(by, of, neighbours);
  row.linear_of_pca = linear_accuracy(by, of);
  return row;
}

Json figures_of(const Probing& found, const ProbeOptions& options) {
  Json figures = {{"data", options.data},         {"known", found.known},
                  {"tested", found.tested},       {"neighbours", options.neighbours},
                  {"retrieval", found.retrieval}, {"retrieval_of_the_samples", found.retrieval_of_samples},
                  {"retrieved", found.retrieved}};
  for (const ProbeRow& row : found.rows)
    figures["layers"].push_back({{"layer", row.layer},
                                 {"values", row.values},
                                 {"bits", row.bits},
                                 {"nearest", row.nearest},
                                 {"linear", row.linear},
                                 {"nearest_of_pca", row.nearest_of_pca},
                                 {"linear_of_pca", row.linear_of_pca}});
  return figures;
}

}  // namespace

Probing probe(const LoadedModel& loaded, const ProbeOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "probe");
  const Needs needs = loaded.model->needs();
  STEER_CHECK(needs.classes == 0 && !needs.given, "[probe] ", loaded.path,
              ": expected a model that is told nothing, since one that is told the label shows it");
  const std::vector<int64_t> layers = last_of_sizes(codec);
  const ProbedPart known = part_of(codec, options, "train", options.known, layers, watch);
  const ProbedPart tested = part_of(codec, options, "test", options.tested, layers, watch);
  Probing found;
  found.known = known.x.size(0), found.tested = tested.x.size(0);
  const std::vector<int64_t> candidates = codec.candidates();
  double bits = 0;
  size_t layer = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    for (; static_cast<int64_t>(layer) <= layers[i]; ++layer)
      bits += std::log2(static_cast<double>(candidates[layer]));
    const Labelled some = {known.images[i], known.label}, test = {tested.images[i], tested.label};
    found.rows.push_back(row_of(some, test, known, tested, options.neighbours));
    found.rows.back().layer = layers[i] + 1, found.rows.back().bits = std::llround(bits);
  }
  found.retrieved = std::min<int64_t>(options.neighbours, found.known);
  found.retrieval = retrieval_of(at::cat(known.images, 1), known.label, at::cat(tested.images, 1),
                                 tested.label, found.retrieved);
  found.retrieval_of_samples = retrieval_of(known.x, known.label, tested.x, tested.label, found.retrieved);
  found.figures = figures_of(found, options);
  return found;
}

}  // namespace steer

#include "steer/work/similar.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/modalities/modalities.h"
#include "steer/work/encoding.h"
#include "steer/work/pictures.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"

namespace steer {
namespace {

constexpr int64_t kSketchSide = 8;

// Sketches [N, C, S, S] in [-1, 1].
Tensor sketches_of(const Space& space, const State& samples, int64_t side) {
  const Modality& modality = modality_of(space);
  STEER_CHECK(modality.sketch, "[search-similar] expected a kind of sample that has sketches but got ",
              modality.plural);
  return modality.sketch(samples, side);
}

// Mean squared distance of each row to one: [N].
Tensor distances_to(const Tensor& one, const Tensor& rows) {
  return (rows - one).square().flatten(1).mean(1);
}

// An index ready to be looked into.
class Lookup {
 public:
  Lookup(const Codec& codec, const CodeIndex& index, const std::string& name, const SimilarOptions& options)
      : space_(codec.space()),
        codes_(codec.code_in(index.codes, name)),
        sketches_(from_bytes(index.sketch)),
        by_(options.by),
        neighbours_(std::min(options.neighbours, codes_.size(0))) {
    STEER_CHECK(by_ == "sketch" || by_ == "prefix",
                "[search-similar] expected neighbours by sketch or prefix but got \"", by_, "\"");
  }

  const Tensor& codes() const { return codes_; }
  int64_t neighbours() const { return neighbours_; }

  // What is like one sample with this code, int64 [L].
  SimilarCodes nearest(const State& sample, const Tensor& code) const {
    const Tensor distance = distances_to(sketches_of(space_, sample, sketches_.size(2)), sketches_);
    if (by_ == "sketch") return nearest_rows(code, codes_, distance, neighbours_);
    return similar_codes(code, codes_, neighbours_,
                         [&](const Tensor& rows) { return distance.index_select(0, rows); });
  }

 private:
  Space space_;
  Tensor codes_, sketches_;
  std::string by_;
  int64_t neighbours_;
};

// The codes of queries, each its own condition where the model needs one.
Tensor query_codes(const LoadedModel& loaded, const Codec& codec, const LoadedSamples& queries,
                   const SimilarOptions& options, const WorkWatch& watch) {
  const Told told = told_by({}, *loaded.model, queries.state, queries.label, queries.classes);
  return encode_all(codec, queries.state, options.batch, 1, options.device, told, watch).code;
}

// The samples of the index's data set at these rows.
State indexed_samples(const CodeIndex& index, const Tensor& rows, const Space& space) {
  DataOptions options;
  options.path = index.data;
  options.split = index.split;
  set_fit(options, index.fit);
  modality_of(space).fitted(options, space);
  const auto data = make_dataset(options);
  return data->batch({rows.data_ptr<int64_t>(), rows.data_ptr<int64_t>() + rows.numel()}).data;
}

Json neighbour_figures(const std::vector<Neighbour>& found) {
  Json list = Json::array();
  for (const Neighbour& one : found)
    list.push_back({{"query", one.query},
                    {"image", one.row},
                    {"shared_layers", one.prefix},
                    {"equal_layers", one.agreeing}});
  return list;
}

}  // namespace

CodeIndex index_of(const LoadedModel& loaded, const IndexOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "search-similar");
  const auto [samples, label, classes] =
      load_samples(options.data, options.split, options.fit, codec.space(), options.count);
  const Told told = told_by({}, *loaded.model, samples, label, classes);
  const Encoded made = encode_all(codec, samples, options.batch, 1, options.device, told, watch);
  const Tensor decoded = within(codec.space(), made.state.x);
  const Tensor sketch = to_bytes(sketches_of(codec.space(), decoded, kSketchSide));
  return {codec.code_file(made.code, Coder::kAdaptive), sketch, options.data, options.split, options.fit};
}

SimilarSamples similar_to_files(const LoadedModel& loaded, const CodeIndex& index, const std::string& name,
                                const std::vector<std::string>& files, const std::string& fit,
                                const SimilarOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "search-similar");
  const Lookup lookup(codec, index, name, options);
  const LoadedSamples queries = {read_samples(files, codec.space(), fit), {}};
  const Tensor query = query_codes(loaded, codec, queries, options, watch);
  SimilarSamples similar;
  similar.samples = lookup.codes().size(0);
  similar.layers = lookup.codes().size(1);
  similar.neighbours = lookup.neighbours();
  std::vector<State> cells;
  for (int64_t q = 0; q < query.size(0); ++q) {
    const State sample = queries.state.narrow(q, 1);
    const SimilarCodes nearest = lookup.nearest(sample, query[q]);
    cells.push_back(sample);
    cells.push_back(indexed_samples(index, nearest.row, codec.space()));
    for (int64_t i = 0; i < similar.neighbours; ++i)
      similar.found.push_back({files[static_cast<size_t>(q)], i + 1, nearest.row[i].item<int64_t>(),
                               nearest.prefix[i].item<int64_t>(), nearest.agreeing[i].item<int64_t>()});
  }
  similar.picture = picture_of(codec.space(), concatenated(cells), similar.neighbours + 1);
  similar.figures = {{"images", similar.samples},
                     {"layers", similar.layers},
                     {"by", options.by},
                     {"found", neighbour_figures(similar.found)}};
  return similar;
}

SimilarAgreement similar_agreement(const LoadedModel& loaded, const CodeIndex& index, const std::string& name,
                                   const std::string& data, const std::string& split, int64_t count,
                                   const SimilarOptions& options, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "search-similar");
  const Lookup lookup(codec, index, name, options);
  const int64_t held = lookup.codes().size(0), n = lookup.neighbours();
  const LoadedSamples known = load_samples(index.data, index.split, index.fit, codec.space(), held);
  const LoadedSamples asked =
      load_samples(data.empty() ? index.data : data, split, index.fit, codec.space(), count);
  STEER_CHECK(known.state.size() == held, "[search-similar] ", index.data, ": expected ", held,
              " samples as the index has but got ", known.state.size());
  STEER_CHECK(known.label.min().item<int64_t>() >= 0, "[search-similar] ", index.data,
              ": expected labels to evaluate by but it has none");
  const Tensor asked_label =
      relabelled(asked.label, asked.classes, known.classes, "[search-similar] " + data);
  const Tensor query = query_codes(loaded, codec, asked, options, watch);
  // Shares of the first and of all n neighbours: by code, by values.
  Tensor first = at::zeros({2}, torch::kFloat64), all = at::zeros({2}, torch::kFloat64);
  double prefix = 0;
  for (int64_t q = 0; q < query.size(0); ++q) {
    const State sample = asked.state.narrow(q, 1);
    const SimilarCodes similar = lookup.nearest(sample, query[q]);
    prefix += similar.prefix[0].item<double>();
    const Tensor by_values = std::get<1>(distances_to(sample.x, known.state.x).topk(n, 0, false));
    const Tensor rows = at::stack({similar.row, by_values});
    const Tensor right =
        known.label.index_select(0, rows.flatten()).view({2, n}).eq(asked_label[q]).to(torch::kFloat64);
    first += right.select(1, 0);
    all += right.mean(1);
  }
  const auto queries = static_cast<double>(query.size(0));
  const auto share = [&](const Tensor& sum, int64_t i) { return sum[i].item<double>() / queries; };
  SimilarAgreement found{held,          query.size(0),    n, share(first, 0), share(first, 1), share(all, 0),
                         share(all, 1), prefix / queries, {}};
  found.figures = {{"images", found.samples},
                   {"queries", found.queries},
                   {"by", options.by},
                   {"n", found.neighbours},
                   {"first_by_code", found.first_by_code},
                   {"first_by_pixels", found.first_by_values},
                   {"all_by_code", found.all_by_code},
                   {"all_by_pixels", found.all_by_values},
                   {"mean_shared_layers", found.shared_layers}};
  return found;
}

}  // namespace steer

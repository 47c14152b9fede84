#include "steer/work/fidelity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "steer/metrics/coverage.h"
#include "steer/metrics/frechet.h"
#include "steer/metrics/nearest.h"
#include "steer/modalities/modalities.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/pieces.h"

namespace steer {
namespace {

constexpr int64_t kRead = 2000;
constexpr double kRounding = 2.0 / 255;  // of numbers in [-1, 1]

Distances distances(const Tensor& made, const Tensor& real) {
  const Coverage covered = coverage(real, made);
  return {frechet_distance(moments(made), moments(real)), kernel_distance(made, real), covered.precision,
          covered.recall, covered.coverage};
}

Json distance_figures(const Distances& d) {
  return {{"frechet", d.frechet},
          {"kernel", d.kernel},
          {"precision", d.precision},
          {"recall", d.recall},
          {"coverage", d.coverage}};
}

}  // namespace

Fidelity fidelity(const std::string& features, const State& samples, const RealSamples& real,
                  const std::string& data, torch::Device device) {
  const torch::NoGradGuard no_grad;
  const SavedNetwork network = load_features(features, device);
  const auto seen = [&](const State& some) { return in_pieces(some.x.to(device), network).cpu(); };
  Fidelity found;
  found.features = features;
  found.samples = samples.size();
  found.split = real.split, found.other = real.other;
  found.reference = real.reference.state.size(), found.others = real.others.state.size();
  const Tensor reference = seen(real.reference.state);
  found.made = distances(seen(samples), reference);
  found.real = distances(seen(real.others.state), reference);
  found.figures = distance_figures(found.made);
  found.figures.update({{"features", features},
                        {"samples", found.samples},
                        {"reference", {{"data", data}, {"split", found.split}, {"images", found.reference}}},
                        {"real", distance_figures(found.real)}});
  found.figures["real"]["images"] = found.others;
  return found;
}

Repeating repeating(const State& samples, const State& held_out, const DataOptions& train) {
  const auto trained = make_dataset(train);
  NearestSearch made(samples.x.flatten(1)), others(held_out.x.flatten(1));
  std::vector<int64_t> rows;
  for (int64_t at = 0; at < trained->size(); at += kRead) {
    rows.resize(static_cast<size_t>(std::min(kRead, trained->size() - at)));
    std::iota(rows.begin(), rows.end(), at);
    const Tensor members = trained->batch(rows).data.x.flatten(1);
    made.add(members), others.add(members);
  }
  // Within rounding to bytes: the same sample.
  const double hair = kRounding * std::sqrt(static_cast<double>(samples.x[0].numel()));
  const Tensor nearest = made.found().index.contiguous();
  const int64_t* first = nearest.data_ptr<int64_t>();
  return {share_repeated(made.found(), hair), share_repeated(others.found(), hair), trained->size(),
          trained->batch(std::vector<int64_t>(first, first + nearest.numel())).data};
}

}  // namespace steer

#include "steer/work/fidelity.h"

#include "steer/metrics/coverage.h"
#include "steer/metrics/frechet.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/pieces.h"

namespace steer {
namespace {

Distances distances(const Tensor& made, const Tensor& real) {
  const Coverage covered = coverage(real, made);
  return {frechet_distance(moments(made), moments(real)), kernel_distance(made, real), covered.precision,
          covered.recall};
}

Json distance_figures(const Distances& d) {
  return {{"frechet", d.frechet}, {"kernel", d.kernel}, {"precision", d.precision}, {"recall", d.recall}};
}

}  // namespace

Fidelity fidelity(const std::string& features, const State& samples, const SampleSource& source,
                  const Space& space, torch::Device device) {
  const torch::NoGradGuard no_grad;
  const SavedNetwork network = load_features(features, device);
  const auto seen = [&](const State& some) { return in_pieces(some.x.to(device), network).cpu(); };
  const auto real_samples = [&](const std::string& split, int64_t count) {
    return load_samples(source.data, split, source.fit, space, count).state;
  };
  Fidelity found;
  found.features = features;
  found.samples = samples.size();
  found.split = source.split;
  found.other = source.split == "test" ? "train" : "test";
  const State reference = real_samples(found.split, found.samples);
  found.reference = reference.size();
  const Tensor reference_features = seen(reference);
  found.made = distances(seen(samples), reference_features);
  const State others = real_samples(found.other, found.reference);
  found.others = others.size();
  found.real = distances(seen(others), reference_features);
  found.figures = distance_figures(found.made);
  found.figures.update(
      {{"features", features},
       {"samples", found.samples},
       {"reference", {{"data", source.data}, {"split", found.split}, {"images", found.reference}}},
       {"real", distance_figures(found.real)}});
  found.figures["real"]["images"] = found.others;
  return found;
}

}  // namespace steer

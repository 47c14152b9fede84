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

}  // namespace steer

#include "steer/image/style.h"

#include "steer/objectives/pieces.h"

namespace steer {

StyleObjective::StyleObjective(ScriptedNetwork network, const Tensor& truth, const FeatureOptions& options,
                               std::string words)
    : network_(std::move(network), options, "style"), truth_(truth), words_(std::move(words)) {
  torch::NoGradGuard no_grad;
  features_ = features(truth);
}

Tensor StyleObjective::features(const Tensor& x) const {
  return network_(x).reshape({x.size(0), -1});
}

Tensor StyleObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Tensor own = in_pieces(x, [this](const Tensor& some) { return features(some); });
  return -(own - per_sample(features_, x.size(0), "style")).square().mean({1});
}

}  // namespace steer

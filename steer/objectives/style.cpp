#include "steer/objectives/style.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/pieces.h"

namespace steer {

StyleObjective::StyleObjective(ScriptedNetwork network, const Tensor& truth, const StyleOptions& options,
                               std::string words)
    : network_(std::move(network)), options_(options), truth_(truth), words_(std::move(words)) {
  torch::NoGradGuard no_grad;
  features_ = features(truth);
}

Tensor StyleObjective::features(const Tensor& x) const {
  Tensor seen = x.to(torch::kFloat32);
  if (seen.size(1) == 1) seen = seen.expand({-1, 3, -1, -1});
  seen = at::upsample_nearest2d(seen, {options_.size, options_.size});
  if (options_.imagenet) {
    const Tensor mean = at::tensor({0.485f, 0.456f, 0.406f}).view({1, 3, 1, 1}).to(x.device());
    const Tensor deviation = at::tensor({0.229f, 0.224f, 0.225f}).view({1, 3, 1, 1}).to(x.device());
    seen = ((seen + 1) / 2 - mean) / deviation;
  }
  const Tensor made = network_(seen);
  STEER_CHECK(made.dim() >= 1 && made.size(0) == x.size(0), "[style] expected features [", x.size(0),
              ", ...] of the network but got ", shape_text(made.sizes()));
  return made.reshape({x.size(0), -1}).to(torch::kFloat32);
}

Tensor StyleObjective::score(const Tensor& x) const {
  const Tensor own = in_pieces(x, [this](const Tensor& some) { return features(some); });
  return -(own - per_sample(features_, x.size(0), "style")).square().mean({1});
}

}  // namespace steer

#include "steer/image/features.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

FeatureNetwork::FeatureNetwork(ScriptedNetwork network, const FeatureOptions& options, std::string what)
    : network_(std::move(network)), options_(options), what_(std::move(what)) {}

Tensor FeatureNetwork::operator()(const Tensor& x) const {
  Tensor seen = x.to(torch::kFloat32);
  if (seen.size(1) == 1) seen = seen.expand({-1, 3, -1, -1});
  seen = at::upsample_nearest2d(seen, {options_.size, options_.size});
  if (options_.imagenet) {
    const Tensor mean = at::tensor({0.485f, 0.456f, 0.406f}).view({1, 3, 1, 1}).to(x.device());
    const Tensor deviation = at::tensor({0.229f, 0.224f, 0.225f}).view({1, 3, 1, 1}).to(x.device());
    seen = ((seen + 1) / 2 - mean) / deviation;
  }
  const Tensor made = network_(seen);
  STEER_CHECK(made.dim() >= 1 && made.size(0) == x.size(0), "[", what_, "] expected features [", x.size(0),
              ", ...] of the network but got ", shape_text(made.sizes()));
  return made.to(torch::kFloat32);
}

}  // namespace steer

#include "steer/image/gram.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/pieces.h"

namespace steer {
namespace {

constexpr double kDivisor = 100;

}  // namespace

Tensor gram_matrix(const Tensor& features) {
  STEER_CHECK(features.dim() == 3 || features.dim() == 4,
              "[gram] expected features [N, C, h, w] or [N, T, C] but got ", shape_text(features.sizes()));
  const Tensor wide = features.to(torch::kFloat32);
  const Tensor places = wide.dim() == 4 ? wide.flatten(2) : wide.transpose(1, 2);  // [N, C, places]
  return at::matmul(places, places.transpose(1, 2));
}

GramObjective::GramObjective(ScriptedNetwork network, const Tensor& truth, const FeatureOptions& options,
                             std::string words)
    : network_(std::move(network), options, "gram"), truth_(truth), words_(std::move(words)) {
  torch::NoGradGuard no_grad;
  gram_ = gram_matrix(network_(truth));
}

Tensor GramObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Tensor own = in_pieces(x, [this](const Tensor& some) { return gram_matrix(network_(some)); });
  const Tensor difference = own - per_sample(gram_, x.size(0), "gram");
  return at::norm(difference.flatten(1), 2, {1}, false) / -kDivisor;
}

}  // namespace steer

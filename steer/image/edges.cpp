#include "steer/image/edges.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

Tensor sobel_magnitude(const Tensor& x) {
  STEER_CHECK(x.dim() == 4, "[edges] expected images [N, C, H, W] but got ", shape_text(x.sizes()));
  const Tensor wide = x.scalar_type() == torch::kFloat64 ? x : x.to(torch::kFloat32);
  const Tensor smooth = at::tensor({1.0, 2.0, 1.0}, wide.options().requires_grad(false));
  const Tensor slope = at::tensor({-1.0, 0.0, 1.0}, wide.options().requires_grad(false));
  const Tensor kernels = at::stack({at::outer(smooth, slope), at::outer(slope, smooth)}).unsqueeze(1);
  const Tensor g = at::conv2d(at::replication_pad2d(wide.mean({1}, true), {1, 1, 1, 1}), kernels);
  // The small addend keeps the gradient finite on flat areas.
  constexpr double kFlat = 1e-8;
  return (g.square().sum({1}, true) + kFlat).sqrt();
}

std::vector<Tensor> sobel_pyramid(const Tensor& x, int64_t most) {
  constexpr int64_t kLeast = 4;
  std::vector<Tensor> all = {sobel_magnitude(x)};
  Tensor grey = x.mean({1}, true);
  while (static_cast<int64_t>(all.size()) < most && std::min(grey.size(2), grey.size(3)) >= 2 * kLeast) {
    grey = at::avg_pool2d(grey, {2, 2}, {2, 2}, {0, 0}, true, false);
    all.push_back(sobel_magnitude(grey));
  }
  return all;
}

EdgesObjective::EdgesObjective(const Tensor& truth, const EdgesOptions& options, std::string words)
    : options_(options), channels_(truth.size(1)), words_(std::move(words)) {
  for (const Tensor& magnitude : sobel_pyramid(truth, options.sizes))
    magnitudes_.push_back(magnitude.detach());
}

Tensor EdgesObjective::score(const State& sample) const {
  const std::vector<Tensor> own = sobel_pyramid(sample.x, options_.sizes);
  Tensor sum;
  for (size_t i = 0; i < own.size(); ++i) {
    const Tensor wanted =
        per_sample(magnitudes_[i], own[i].size(0), "edges").to(own[i].device(), own[i].scalar_type());
    const Tensor far = (own[i] - wanted).abs().mean({1, 2, 3});
    sum = sum.defined() ? sum + far : far;
  }
  return -sum / (static_cast<double>(own.size()) * options_.noise);
}

Tensor EdgesObjective::degraded() const {
  return ((magnitudes_[0] / 2 - 1).clamp(-1, 1)).expand({-1, channels_, -1, -1}).contiguous();
}

Tensor EdgesObjective::hidden() const {
  return at::ones_like(magnitudes_[0].narrow(0, 0, 1));
}

}  // namespace steer

#include "steer/image/edges.h"

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

EdgesObjective::EdgesObjective(const Tensor& truth, std::string words)
    : magnitude_(sobel_magnitude(truth).detach()), channels_(truth.size(1)), words_(std::move(words)) {}

Tensor EdgesObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Tensor own = sobel_magnitude(x);
  const Tensor wanted = per_sample(magnitude_, x.size(0), "edges").to(own.device(), own.scalar_type());
  return -(own - wanted).abs().mean({1, 2, 3});
}

Tensor EdgesObjective::degraded() const {
  return ((magnitude_ / 2 - 1).clamp(-1, 1)).expand({-1, channels_, -1, -1}).contiguous();
}

Tensor EdgesObjective::hidden() const {
  return at::ones_like(magnitude_.narrow(0, 0, 1));
}

}  // namespace steer

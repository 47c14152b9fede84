#include "steer/objectives/linear_map.h"

#include <torch/autograd.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

Tensor averaged(const Tensor& x, const std::vector<int64_t>& places) {
  if (places.empty()) return x;
  STEER_CHECK(x.dim() == static_cast<int64_t>(places.size()) + 2 && places.size() <= 2,
              "[measure] expected samples with as many sides as ", shape_text(places), " but got ",
              shape_text(x.sizes()));
  if (places.size() == 2) return area_resize(x, places[0], places[1]);
  return area_resize(x.unsqueeze(3), places[0], 1).squeeze(3);
}

}  // namespace

Tensor LinearMap::measure(const Tensor& x) const {
  STEER_CHECK(x.dim() >= 2, "[measure] expected samples [N, C, places...] but got ", shape_text(x.sizes()));
  Tensor seen = x;
  if (mix.defined()) {
    STEER_CHECK(x.size(1) == mix.size(1), "[measure] expected samples of ", mix.size(1), " channels but got ",
                shape_text(x.sizes()));
    seen = at::einsum("mc,nc...->nm...", {mix.to(x.device(), x.scalar_type()), x});
  }
  if (blur) seen = blur(seen);
  return averaged(seen, places);
}

Tensor LinearMap::adjoint(const Tensor& y, at::IntArrayRef sizes) const {
  // A^T y is the gradient of y . A x, wherever it is taken.
  const torch::AutoGradMode with_gradients(true);
  const Tensor x = at::zeros(with_rows(y.size(0), sizes), y.options()).requires_grad_(true);
  return torch::autograd::grad({measure(x)}, {x}, {y})[0];
}

}  // namespace steer

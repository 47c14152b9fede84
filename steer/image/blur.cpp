#include "steer/image/blur.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

Tensor gaussian_kernel(double std, int64_t radius) {
  STEER_CHECK(std::isfinite(std) && std > 0, "[blur] expected a std above 0 but got ", std);
  STEER_CHECK(radius >= 0, "[blur] expected a radius of at least 0 but got ", radius);
  const Tensor place = at::arange(-radius, radius + 1, torch::kFloat64);
  const Tensor height = (-place.square() / (2 * std * std)).exp();
  return height / height.sum();
}

Tensor blurred(const Tensor& x, const Tensor& kernel) {
  STEER_CHECK(x.dim() == 4, "[blur] expected maps [N, C, H, W] but got ", shape_text(x.sizes()));
  STEER_CHECK(kernel.dim() == 1 && kernel.size(0) % 2 == 1,
              "[blur] expected a kernel [2 radius + 1] but got ", shape_text(kernel.sizes()));
  const int64_t radius = kernel.size(0) / 2;
  STEER_CHECK(radius < std::min(x.size(2), x.size(3)), "[blur] expected maps of more than ", radius,
              " pixels a side, the radius of the kernel, but got ", shape_text(x.sizes()));
  const Tensor weight = kernel.to(x.device(), x.scalar_type());
  const Tensor planes = at::reflection_pad2d(x.flatten(0, 1).unsqueeze(1), {radius, radius, radius, radius});
  const Tensor rows = at::conv2d(planes, weight.view({1, 1, 1, -1}));
  return at::conv2d(rows, weight.view({1, 1, -1, 1})).view_as(x);
}

}  // namespace steer

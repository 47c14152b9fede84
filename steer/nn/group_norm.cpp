#include "steer/nn/group_norm.h"

#include "steer/core/check.h"
#include "steer/nn/group_norm_silu.h"

namespace steer {

GroupNormImpl::GroupNormImpl(int64_t channels, int64_t groups_, double epsilon_, torch::Device device)
    : groups(groups_), epsilon(epsilon_) {
  STEER_CHECK(groups > 0 && channels > 0 && channels % groups == 0,
              "[group_norm] expected channels that are a multiple of ", groups, " groups but got ", channels);
  const auto type = at::TensorOptions(device).dtype(torch::kFloat32);
  weight = register_parameter("weight", at::ones({channels}, type));
  bias = register_parameter("bias", at::zeros({channels}, type));
}

Tensor GroupNormImpl::forward(const Tensor& x) const {
  return at::group_norm(x.to(torch::kFloat32), groups, weight, bias, epsilon).to(x.scalar_type());
}

Tensor GroupNormImpl::silu(const Tensor& x, const Tensor& offset) const {
  return group_norm_silu(x, weight, bias, groups, epsilon, offset);
}

Tensor GroupNormImpl::silu(const Tensor& x, const Modulation& modulation) const {
  const Tensor factor = 1 + modulation.scale;
  return group_norm_silu(x, weight * factor, at::addcmul(modulation.shift, bias, factor), groups, epsilon);
}

}  // namespace steer

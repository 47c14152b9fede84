#include "steer/nn/conv.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/nn/group_norm_silu.h"

namespace steer {

void xavier_uniform(Tensor& weight, double gain) {
  if (weight.is_meta()) return;
  torch::NoGradGuard no_grad;
  const int64_t area = weight.dim() > 2 ? weight[0][0].numel() : 1;
  const double fans = static_cast<double>((weight.size(0) + weight.size(1)) * area);
  const double bound = gain * std::sqrt(6.0 / fans);
  weight.uniform_(-bound, bound);
}

ConvImpl::ConvImpl(const ConvOptions& options) {
  STEER_CHECK(options.in > 0 && options.out > 0 && options.kernel % 2 == 1,
              "[conv] expected positive channel counts and an odd kernel but got ", options.in, " -> ",
              options.out, ", kernel ", options.kernel);
  stride = options.stride, line = options.line;
  padding = options.padding < 0 ? options.kernel / 2 : options.padding;
  const auto type = at::TensorOptions(options.device).dtype(torch::kFloat32);
  weight = register_parameter(
      "weight", at::empty({options.out, options.in, line ? 1 : options.kernel, options.kernel}, type));
  xavier_uniform(weight, options.gain);
  if (options.bias) bias = register_parameter("bias", at::zeros({options.out}, type));
}

Tensor ConvImpl::forward(const Tensor& x) const {
  const Tensor added = bias.defined() ? bias.to(x.scalar_type()) : bias;
  return at::conv2d(x, weight.to(x.scalar_type()), added, {line ? 1 : stride, stride},
                    {line ? 0 : padding, padding});
}

GroupNormSiluImpl::GroupNormSiluImpl(int64_t channels)
    : groups(std::max<int64_t>(1, std::min<int64_t>(32, channels / 4))) {
  STEER_CHECK(channels % groups == 0, "[group_norm] expected channels divisible by ", groups, " but got ",
              channels);
  weight = register_parameter("weight", at::ones({channels}));
  bias = register_parameter("bias", at::zeros({channels}));
}

Tensor GroupNormSiluImpl::forward(const Tensor& x) const {
  return group_norm_silu(x, weight, bias, groups, 1e-6);
}

}  // namespace steer

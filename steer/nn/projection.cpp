#include "steer/nn/projection.h"

#include "steer/core/check.h"
#include "steer/nn/conv.h"

namespace steer {

ProjectionImpl::ProjectionImpl(const ProjectionOptions& options) {
  STEER_CHECK(options.in > 0 && options.out > 0,
              "[projection] expected positive numbers of features but got ", options.in, " -> ", options.out);
  const auto type = at::TensorOptions(options.device).dtype(torch::kFloat32);
  weight = register_parameter("weight", at::empty({options.out, options.in}, type));
  xavier_uniform(weight, options.gain);
  bias = register_parameter("bias", at::zeros({options.out}, type));
}

Tensor ProjectionImpl::forward(const Tensor& x) const {
  return at::linear(x, weight.to(x.scalar_type()), bias.to(x.scalar_type()));
}

}  // namespace steer

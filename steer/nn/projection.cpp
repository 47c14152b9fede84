#include "steer/nn/projection.h"

#include "steer/core/check.h"
#include "steer/nn/conv.h"

namespace steer {
namespace {

// Rows of a matrix are multiplied in whole blocks of so many: libraries choose how to sum a product by the
// number of its rows, and a sample would depend on its batch.
constexpr int64_t kBlockOfRows = 16;

}  // namespace

ProjectionImpl::ProjectionImpl(const ProjectionOptions& options) {
  STEER_CHECK(options.in > 0 && options.out > 0,
              "[projection] expected positive numbers of features but got ", options.in, " -> ", options.out);
  const auto type = at::TensorOptions(options.device).dtype(torch::kFloat32);
  weight = register_parameter("weight", at::empty({options.out, options.in}, type));
  xavier_uniform(weight, options.gain);
  bias = register_parameter("bias", at::zeros({options.out}, type));
}

Tensor ProjectionImpl::forward(const Tensor& x) const {
  const Tensor w = weight.to(x.scalar_type()), b = bias.to(x.scalar_type());
  const int64_t over = x.dim() == 2 ? x.size(0) % kBlockOfRows : 0;
  if (over == 0) return at::linear(x, w, b);
  return at::linear(at::constant_pad_nd(x, {0, 0, 0, kBlockOfRows - over}), w, b).narrow(0, 0, x.size(0));
}

}  // namespace steer

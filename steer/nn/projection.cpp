#include "steer/nn/projection.h"

#include <vector>

#include "steer/core/check.h"
#include "steer/nn/conv.h"

namespace steer {
namespace {

// Rows of a matrix are multiplied in whole blocks of so many: libraries choose how to sum a product by the
// number of its rows, and a sample would depend on its batch.
constexpr int64_t kBlockOfRows = 16;

// The shape of x with another last size.
std::vector<int64_t> with_last(const Tensor& x, int64_t last) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = last;
  return shape;
}

}  // namespace

ProjectionImpl::ProjectionImpl(const ProjectionOptions& options) {
  STEER_CHECK(options.in > 0 && options.out > 0,
              "[projection] expected positive numbers of features but got ", options.in, " -> ", options.out);
  const auto type = at::TensorOptions(options.device).dtype(torch::kFloat32);
  weight = register_parameter("weight", at::empty({options.out, options.in}, type));
  xavier_uniform(weight, options.gain);
  if (options.bias) bias = register_parameter("bias", at::zeros({options.out}, type));
}

Tensor ProjectionImpl::forward(const Tensor& x) const {
  return projected(x, weight, bias);
}

Tensor projected(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor w = weight.to(x.scalar_type()).contiguous(),
               b = bias.defined() ? bias.to(x.scalar_type()) : bias;
  const int64_t rows = x.dim() == 2 || x.dim() == 3 ? x.numel() / x.size(-1) : 0, over = rows % kBlockOfRows;
  if (over == 0) return at::linear(x.contiguous(), w, b);
  const Tensor padded = at::constant_pad_nd(x.flatten(0, -2), {0, 0, 0, kBlockOfRows - over});
  return at::linear(padded, w, b).narrow(0, 0, rows).view(with_last(x, w.size(0)));
}

}  // namespace steer

#include "steer/nn/embedding.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr double kLongestPeriod = 10000;
constexpr double kTwoPi = 6.283185307179586;
constexpr uint64_t kDropoutStream = 0x636c617373;

}  // namespace

Tensor positional_features(const Tensor& label, const PositionalOptions& options) {
  const int64_t half = options.size / 2;
  STEER_CHECK(
      label.dim() == 1 && options.size % 2 == 0 && options.freq_shift >= 0 && half > options.freq_shift,
      "[positional_features] expected labels [B] and an even size above ", 2 * options.freq_shift,
      " but got ", shape_text(label.sizes()), " and ", options.size);
  const double step = -std::log(kLongestPeriod) / static_cast<double>(half - options.freq_shift);
  const Tensor frequencies =
      at::exp(at::arange(half, at::TensorOptions(label.device()).dtype(torch::kFloat32)) * step);
  const Tensor angle = label.to(torch::kFloat32).unsqueeze(1) * frequencies;
  return options.flip_sin_to_cos ? at::cat({angle.cos(), angle.sin()}, 1)
                                 : at::cat({angle.sin(), angle.cos()}, 1);
}

Tensor fourier_features(const Tensor& label, const Tensor& w) {
  const Tensor angle = label.to(torch::kFloat32).log().unsqueeze(1) * w * kTwoPi;
  return at::cat({angle.sin(), angle.cos()}, 1);
}

Tensor embedded_tokens(const Tensor& token, const Tensor& table) {
  STEER_CHECK(table.dim() == 2, "[embedded_tokens] expected a table [V, D] but got ", table.sizes());
  if (token.scalar_type() == torch::kInt64) return at::embedding(table, token);
  STEER_CHECK(token.size(-1) == table.size(0), "[embedded_tokens] expected probabilities of ", table.size(0),
              " tokens but got ", token.size(-1));
  return token.matmul(table);
}

TimeEmbeddingImpl::TimeEmbeddingImpl(int64_t in, int64_t out, torch::Device device) {
  linear_1 = register_module("linear_1", Projection(ProjectionOptions{in, out, 1, device}));
  linear_2 = register_module("linear_2", Projection(ProjectionOptions{out, out, 1, device}));
}

Tensor TimeEmbeddingImpl::forward(const Tensor& features) const {
  return linear_2->forward(at::silu(linear_1->forward(features)));
}

ClassEmbeddingImpl::ClassEmbeddingImpl(int64_t count, int64_t size, torch::Device device) {
  weight = register_parameter("weight",
                              at::empty({count, size}, at::TensorOptions(device).dtype(torch::kFloat32)));
  torch::NoGradGuard no_grad;
  if (!weight.is_meta()) weight.normal_();
}

Tensor ClassEmbeddingImpl::forward(const Tensor& labels) const {
  STEER_CHECK(labels.dim() == 1 && labels.scalar_type() == torch::kInt64,
              "[class_embedding] expected labels int64 [B] but got ", c10::toString(labels.scalar_type()),
              " ", shape_text(labels.sizes()));
  // A look at the values would make a CUDA device wait; there the lookup itself refuses.
  if (on_host(labels) && labels.numel() > 0)
    STEER_CHECK(labels.min().item<int64_t>() >= 0 && labels.max().item<int64_t>() < weight.size(0),
                "[class_embedding] expected labels in 0..", weight.size(0) - 1, " but got ",
                labels.min().item<int64_t>(), "..", labels.max().item<int64_t>());
  return at::embedding(weight, labels);
}

Tensor with_class_dropout(const Tensor& labels, double probability, int64_t none, const Tensor& seeds) {
  if (probability <= 0) return labels;
  const Tensor dropped = uniform_rows(seeds, kDropoutStream, {}) < probability;
  return at::where(dropped, at::full_like(labels, none), labels);
}

}  // namespace steer

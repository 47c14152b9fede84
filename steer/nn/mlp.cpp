#include "steer/nn/mlp.h"

#include <vector>

#include "steer/core/check.h"
#include "steer/core/interruption.h"
#include "steer/core/pi.h"
#include "steer/core/tensors.h"
#include "steer/nn/recompute.h"

namespace steer {
namespace {

constexpr int64_t kLabelFeatures = 64;
constexpr double kMlpEpsilon = 1e-5;

Tensor row_normed(const Tensor& h) {
  return at::layer_norm(h, {h.size(1)}, {}, {}, kMlpEpsilon);
}

// The numbers [B, D] and, for each frequency, their sines and cosines: [B, D (1 + 2 frequencies)].
Tensor with_waves(const Tensor& x, int64_t frequencies) {
  std::vector<Tensor> parts = {x};
  double factor = kPi;
  for (int64_t i = 0; i < frequencies; ++i, factor *= 2) {
    parts.push_back((x * factor).sin());
    parts.push_back((x * factor).cos());
  }
  return at::cat(parts, 1);
}

}  // namespace

void check(const MlpOptions& o) {
  STEER_CHECK(o.values >= 1 && o.values <= 4096, "[options] mlp.values: expected 1 to 4096 but got ",
              o.values);
  STEER_CHECK(o.width >= 2 && o.width <= 65536 && o.width % 2 == 0,
              "[options] mlp.width: expected an even number from 2 to 65536 but got ", o.width);
  STEER_CHECK(o.blocks >= 1 && o.blocks <= 1000, "[options] mlp.blocks: expected 1 to 1000 but got ",
              o.blocks);
  STEER_CHECK(o.frequencies >= 0 && o.frequencies <= 16,
              "[options] mlp.frequencies: expected 0 to 16 but got ", o.frequencies);
  STEER_CHECK(o.dropout >= 0 && o.dropout < 1, "[options] mlp.dropout: expected a chance in [0, 1) but got ",
              o.dropout);
  STEER_CHECK(o.num_class_embeds >= 0, "[options] mlp.num_class_embeds: expected 0 or more but got ",
              o.num_class_embeds);
}

Extent extent(const MlpOptions& o) {
  check(o);
  Extent sum;
  const auto projection = [&sum](int64_t in, int64_t out, int64_t times = 1) {
    sum.add({out, in}, times);
    sum.add({out}, times);
  };
  projection(kLabelFeatures, o.width);
  projection(o.width, o.width);
  if (o.num_class_embeds > 0) sum.add({o.num_class_embeds, o.width});
  projection(o.values * (1 + 2 * o.frequencies), o.width);
  projection(o.width, 2 * o.width, o.blocks);
  projection(o.width, o.width, 2 * o.blocks);
  projection(o.width, o.values);
  return sum;
}

MlpBlockImpl::MlpBlockImpl(int64_t width, double dropout_) : dropout(dropout_) {
  modulation = register_module("modulation", Projection(ProjectionOptions{width, 2 * width}));
  linear_1 = register_module("linear_1", Projection(ProjectionOptions{width, width}));
  linear_2 = register_module("linear_2", Projection(ProjectionOptions{width, width, 0}));
}

Tensor MlpBlockImpl::forward(const Tensor& h, const Tensor& told, const DropoutSeed& seed) const {
  end_if_interrupted();
  const std::vector<Tensor> affine = modulation->forward(told).chunk(2, 1);
  const Tensor y = at::silu(linear_1->forward((1 + affine[0]) * row_normed(h) + affine[1]));
  return h + linear_2->forward(with_dropout(y, dropout, seed));
}

MlpImpl::MlpImpl(const MlpOptions& given) : options(given) {
  check(options);
  const int64_t width = options.width, enter = options.values * (1 + 2 * options.frequencies);
  time_embedding = register_module("time_embedding", TimeEmbedding(kLabelFeatures, width));
  if (options.num_class_embeds > 0)
    class_embedding = register_module("class_embedding", ClassEmbedding(options.num_class_embeds, width));
  linear_in = register_module("linear_in", Projection(ProjectionOptions{enter, width}));
  blocks = register_module("blocks", torch::nn::ModuleList());
  for (int64_t i = 0; i < options.blocks; ++i) blocks->push_back(MlpBlock(width, options.dropout));
  linear_out = register_module("linear_out", Projection(ProjectionOptions{width, options.values, 0}));
}

Tensor MlpImpl::forward(const Tensor& x, const Tensor& label, const Tensor& class_labels,
                        const Forwarding& how) const {
  STEER_CHECK(x.dim() >= 2 && x.numel() == x.size(0) * options.values, "[mlp] expected samples of ",
              options.values, " numbers but got ", shape_text(x.sizes()));
  STEER_CHECK(label.dim() == 1 && label.size(0) == x.size(0), "[mlp] expected noise labels [", x.size(0),
              "] but got ", shape_text(label.sizes()));
  STEER_CHECK(
      class_labels.defined() == !class_embedding.is_empty(), "[mlp] expected ",
      class_embedding.is_empty() ? "no classes but got some" : "a class for each sample but got none");
  Tensor told = time_embedding->forward(positional_features(label, {kLabelFeatures, true, 0}));
  if (!class_embedding.is_empty()) told = told + class_embedding->forward(class_labels);
  told = at::silu(told);
  Tensor h = linear_in->forward(with_waves(x.to(torch::kFloat32).flatten(1), options.frequencies));
  uint64_t number = 0;
  for (const auto& child : *blocks) {
    const auto* block = child->as<MlpBlock>();
    const DropoutSeed seed = seed_of_part(how.dropout_seed, number++);
    const auto through = [block, seed](const std::vector<Tensor>& in) {
      return block->forward(in[0], in[1], seed);
    };
    h = recompute_ ? recomputed(through, {h, told}) : through({h, told});
  }
  return linear_out->forward(at::silu(row_normed(h))).view(x.sizes());
}

}  // namespace steer

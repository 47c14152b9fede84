#include "steer/nn/attention.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {

AttentionImpl::AttentionImpl(const AttentionOptions& given) : options(given) {
  if (options.head_dim == 0) options.head_dim = options.channels;
  const int64_t c = options.channels;
  STEER_CHECK(c > 0 && options.head_dim > 0 && c % options.head_dim == 0,
              "[attention] expected channels that are a multiple of the head's ", options.head_dim,
              " but got ", c);
  const ProjectionOptions plain{c, c, 1, options.device};
  if (options.groups > 0)
    group_norm = register_module("group_norm", GroupNorm(c, options.groups, options.epsilon, options.device));
  to_q = register_module("to_q", Projection(plain));
  to_k = register_module("to_k", Projection(plain));
  to_v = register_module("to_v", Projection(plain));
  to_out = register_module("to_out", torch::nn::ModuleList());
  to_out->push_back(Projection(ProjectionOptions{c, c, options.zero_init ? 0.0 : 1.0, options.device}));
}

Tensor AttentionImpl::forward(const Tensor& x) const {
  const int64_t batch = x.size(0), channels = x.size(1), positions = x.size(2) * x.size(3);
  const int64_t heads = channels / options.head_dim;
  const Tensor normed = group_norm.is_empty() ? x : group_norm->forward(x);
  // Channels-last maps are rows of positions already.
  const Tensor rows = normed.permute({0, 2, 3, 1}).reshape({batch, positions, channels});
  const auto by_head = [&](const Tensor& values) {
    if (heads == 1) return values;
    return values.view({batch, positions, heads, options.head_dim})
        .transpose(1, 2)
        .reshape({batch * heads, positions, options.head_dim});
  };
  const double root = 1 / std::sqrt(static_cast<double>(options.head_dim));
  const Tensor q = by_head(to_q->forward(rows) * root), k = by_head(to_k->forward(rows)),
               v = by_head(to_v->forward(rows));
  const Tensor weights = at::softmax(at::bmm(q, k.transpose(1, 2)), -1, torch::kFloat32);
  Tensor seen = at::bmm(weights.to(v.scalar_type()), v);
  if (heads > 1)
    seen = seen.view({batch, heads, positions, options.head_dim})
               .transpose(1, 2)
               .reshape({batch, positions, channels});
  const Tensor out = to_out->ptr<ProjectionImpl>(0)->forward(seen);
  const Tensor sum = x + out.view({batch, x.size(2), x.size(3), channels}).permute({0, 3, 1, 2});
  return options.scale == 1 ? sum : sum / options.scale;
}

}  // namespace steer

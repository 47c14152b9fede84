#include "steer/nn/vocabulary_loss.h"

#include <torch/torch.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int64_t kLogitsAtOnce = int64_t{1} << 21;

// The loss of some rows, and what it adds to the gradients.
struct RowsAtOnce {
  Tensor ce, d_features;
};

RowsAtOnce some_rows(const VocabularyRows& rows, int64_t at, int64_t count, const Tensor& W, const Tensor& b,
                     Tensor* d_W, Tensor* d_b) {
  const Tensor features = rows.features.narrow(0, at, count).to(W.scalar_type());
  const Tensor target = rows.target.narrow(0, at, count).unsqueeze(1);
  const Tensor log_p = at::linear(features, W, b).to(torch::kFloat32).log_softmax(1);
  RowsAtOnce made;
  made.ce = -log_p.gather(1, target).squeeze(1);
  if (!d_W) return made;
  // d ce / d logit = softmax - one-hot.
  Tensor d = log_p.exp();
  d.scatter_add_(1, target, at::full({}, -1, d.options()).expand({count, 1}));
  d.mul_(rows.weight.narrow(0, at, count).unsqueeze(1));
  if (d_b) d_b->add_(d.sum(0));
  const Tensor low = d.to(W.scalar_type());
  d_W->add_(at::matmul(low.t(), features));
  made.d_features = at::matmul(low, W);
  return made;
}

struct VocabularyFunction : torch::autograd::Function<VocabularyFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const Tensor& features, const Tensor& W, const Tensor& b,
                                                const Tensor& target, const Tensor& weight, int64_t type) {
    const bool wanted = features.requires_grad() || W.requires_grad();
    const bool biased = b.numel() > 0;
    const auto in = static_cast<torch::ScalarType>(type);
    const VocabularyRows rows = {features, target, weight};
    const Tensor low_W = W.to(in), low_b = biased ? b.to(in) : Tensor();
    Tensor d_W = wanted ? at::zeros_like(W) : Tensor(), d_b = wanted && biased ? at::zeros_like(b) : Tensor();
    std::vector<Tensor> ce, d_features;
    const int64_t step = std::max<int64_t>(1, kLogitsAtOnce / W.size(0));
    for (int64_t at = 0; at < features.size(0); at += step) {
      const int64_t count = std::min(step, features.size(0) - at);
      const RowsAtOnce made =
          some_rows(rows, at, count, low_W, low_b, wanted ? &d_W : nullptr, d_b.defined() ? &d_b : nullptr);
      ce.push_back(made.ce);
      if (wanted) d_features.push_back(made.d_features.to(features.scalar_type()));
    }
    const Tensor each = ce.empty() ? at::empty({0}, weight.options()) : at::cat(ce);
    if (wanted)
      context->save_for_backward({d_features.empty() ? at::zeros_like(features) : at::cat(d_features), d_W,
                                  d_b.defined() ? d_b : at::empty({0}, W.options())});
    context->saved_data["biased"] = biased;
    context->mark_non_differentiable({each});
    return {(each * weight).sum(), each};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const Tensor& g = gradients[0];
    const bool biased = context->saved_data["biased"].toBool();
    return {
        saved[0] * g.to(saved[0].scalar_type()), saved[1] * g, biased ? saved[2] * g : Tensor(), {}, {}, {}};
  }
};

}  // namespace

VocabularyLoss vocabulary_loss(const VocabularyRows& rows, const Tensor& W, const Tensor& b,
                               torch::ScalarType type) {
  const int64_t R = rows.features.size(0);
  STEER_CHECK(rows.features.dim() == 2 && W.dim() == 2 && rows.features.size(1) == W.size(1) &&
                  rows.target.sizes() == at::IntArrayRef({R}) &&
                  rows.weight.sizes() == at::IntArrayRef({R}) &&
                  (!b.defined() || b.sizes() == at::IntArrayRef({W.size(0)})),
              "[vocabulary_loss] expected features [R, D], a target and a weight for each, and a table [V, "
              "D] but got ",
              shape_text(rows.features.sizes()), ", ", shape_text(rows.target.sizes()), ", ",
              shape_text(rows.weight.sizes()), " and ", shape_text(W.sizes()));
  const auto made =
      VocabularyFunction::apply(rows.features, W, b.defined() ? b : at::empty({0}, W.options()), rows.target,
                                rows.weight.to(torch::kFloat32), static_cast<int64_t>(type));
  return {made[0], made[1].detach()};
}

}  // namespace steer

#include "steer/sound/score_in_parts.h"

#include <torch/autograd.h>

#include <algorithm>
#include <vector>

namespace steer {
namespace {

using PartScore = std::function<Tensor(const Tensor& part, int64_t first)>;

struct PartsWithGradients : torch::autograd::Function<PartsWithGradients> {
  using Context = torch::autograd::AutogradContext;
  using Gradients = torch::autograd::variable_list;

  static Tensor forward(Context* context, const Tensor& x, int64_t rows, const PartScore& score,
                        bool with_gradient) {
    std::vector<Tensor> scores, gradients;
    for (int64_t first = 0; first < x.size(0); first += rows) {
      const torch::AutoGradMode mode(with_gradient);
      const int64_t some = std::min(rows, x.size(0) - first);
      const Tensor part = x.detach().narrow(0, first, some).clone().requires_grad_(with_gradient);
      const Tensor scored = score(part, first);
      if (with_gradient) gradients.push_back(torch::autograd::grad({scored.sum()}, {part})[0]);
      scores.push_back(scored.detach());
    }
    if (!gradients.empty()) context->save_for_backward({at::cat(gradients, 0)});
    return scores.empty() ? at::zeros({0}, x.options()) : at::cat(scores, 0);
  }

  static Gradients backward(Context* context, const Gradients& gradients) {
    const auto saved = context->get_saved_variables();
    if (saved.empty()) return {Tensor(), {}, {}, {}};
    std::vector<int64_t> shape(static_cast<size_t>(saved[0].dim()), 1);
    shape[0] = -1;
    return {saved[0] * gradients[0].view(shape), {}, {}, {}};
  }
};

}  // namespace

Tensor score_in_parts(const Tensor& x, int64_t rows, const PartScore& score) {
  return PartsWithGradients::apply(x, rows, score, at::GradMode::is_enabled() && x.requires_grad());
}

}  // namespace steer

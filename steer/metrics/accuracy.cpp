#include "steer/metrics/accuracy.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

void check_logits(const Tensor& logits, const Tensor& label) {
  STEER_CHECK(logits.dim() == 2 && logits.size(0) > 0 && label.dim() == 1 && label.size(0) == logits.size(0),
              "[accuracy] expected logits [N, M] and labels [N], N > 0, but got ", shape_text(logits.sizes()),
              " and ", shape_text(label.sizes()));
  STEER_CHECK(label.min().item<int64_t>() >= 0 && label.max().item<int64_t>() < logits.size(1),
              "[accuracy] expected labels from 0 to ", logits.size(1) - 1, " but got ",
              label.min().item<int64_t>(), " to ", label.max().item<int64_t>());
}

}  // namespace

Accuracy accuracy(const Tensor& logits, const Tensor& label) {
  check_logits(logits, label);
  const int64_t classes = logits.size(1);
  const Tensor taken = logits.argmax(1);
  return {taken.eq(label).to(torch::kFloat64).mean().item<double>(),
          at::bincount(label * classes + taken, {}, classes * classes).view({classes, classes})};
}

Agreement agreement(const Tensor& logits, const Tensor& asked) {
  const Accuracy all = accuracy(logits, asked);
  const Tensor p = logits.softmax(1).gather(1, asked.unsqueeze(1)).to(torch::kFloat64);
  return {all.share, p.mean().item<double>(),
          all.confusion.diagonal().to(torch::kFloat64) / all.confusion.sum(1).to(torch::kFloat64)};
}

}  // namespace steer

#include "steer/guidance/resampling.h"

namespace steer {

Tensor effective_size(const Tensor& logits) {
  const Tensor weight = at::softmax(logits, 1);
  return 1 / weight.square().sum(1);
}

Tensor systematic(const Tensor& logits, const Tensor& u, int64_t count) {
  const Tensor cumulated = at::softmax(logits, 1).cumsum(1);
  const Tensor places = (u + at::arange(count, u.options())) / static_cast<double>(count);
  return at::searchsorted(cumulated, places * cumulated.narrow(1, logits.size(1) - 1, 1), false, true)
      .clamp_max(logits.size(1) - 1);
}

}  // namespace steer

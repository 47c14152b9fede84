// Scores of many samples, a few after the other.
#pragma once

#include <torch/types.h>

#include <functional>

namespace steer {

using torch::Tensor;

// score(x) of samples [N, ...] -> [N], `rows` of them at once. Where x requires a gradient, each part's is
// computed at once and kept, so that what it needs is there of one part alone; it is differentiable once.
Tensor score_in_parts(const Tensor& x, int64_t rows,
                      const std::function<Tensor(const Tensor& part, int64_t first)>& score);

}  // namespace steer

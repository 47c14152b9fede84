// Draws from weighted rows, the common part of all particle methods.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// Effective sample size (sum w)^2 / sum w^2 of each row's weights w = exp(logits), logits [N, M] -> [N]: from
// 1 to M.
Tensor effective_size(const Tensor& logits);

// `count` draws from each row's weights exp(logits) [N, M], int64 [N, count] in ascending order: systematic
// resampling (Carpenter, Clifford, Fearnhead 1999) with one uniform number u [N, 1] in [0, 1) for each row,
// so that a weight w is drawn floor or ceil of count w / sum w times. A weight of 0 (-inf) is never drawn;
// each row needs a weight above 0.
Tensor systematic(const Tensor& logits, const Tensor& u, int64_t count);

}  // namespace steer

// Tokens as probabilities, so that a gradient can pass through their choice.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// Straight-through (Bengio et al. 2013): of logits [..., V] forward the one-hot of the largest, backward the
// gradient of softmax.
Tensor straight_through(const Tensor& logits);

// Gumbel-softmax (Jang et al. 2017; Maddison et al. 2017): softmax((logits + G) / temperature) with G =
// -ln(-ln u), u [..., V] in (0, 1), in float64 until the softmax is made. `hard`: forward the one-hot of its
// largest, which is a draw of softmax(logits), backward its gradient. Error for a temperature that is not
// above 0.
Tensor gumbel_softmax(const Tensor& logits, const Tensor& u, double temperature, bool hard);

// Relaxed or one-hot tokens [..., V] of tokens int64 [...].
Tensor one_hot_tokens(const Tensor& token, int64_t vocabulary, torch::ScalarType type = torch::kFloat32);

}  // namespace steer

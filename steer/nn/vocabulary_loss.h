// Cross-entropy over a vocabulary without the table of all logits.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// What cross-entropy is made of: row i is a token's features.
struct VocabularyRows {
  Tensor features;  // [R, D]
  Tensor target;    // int64 [R], the right token
  Tensor weight;    // float32 [R], of its cross-entropy in the sum; no gradient goes there
};

// Both are float32 and on the device of the features.
struct VocabularyLoss {
  Tensor sum;   // a scalar, sum_i weight_i ce_i, ce_i = ln sum_j exp(l_ij) - l_i,target; differentiable
  Tensor each;  // ce [R], without gradient
};

// Logits l = features W' + b, W [V, D], b [V] or undefined, computed in `type`, some rows at a time, each
// part's gradient with it: memory is that of the features and of W, whatever V is. Gradients reach features,
// W and b. Error for shapes that do not fit.
VocabularyLoss vocabulary_loss(const VocabularyRows& rows, const Tensor& W, const Tensor& b,
                               torch::ScalarType type);

}  // namespace steer

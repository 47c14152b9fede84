// The steps of a transformer between its products, each in one pass over memory.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Queries, keys and values, each [B, H, T, d].
struct Heads {
  Tensor q, k, v;
};

// A projection [B, T, 3 H d] of tokens as heads; where `place` (int64 [T]) is defined, queries and keys are
// rotated() by it. Differentiable. Tensors on the processor take a fused kernel, others the plain way.
Heads split_heads(const Tensor& qkv, int64_t heads, const Tensor& place);

// The same by separate operations, as the reference.
Heads split_heads_plain(const Tensor& qkv, int64_t heads, const Tensor& place);

// What a norm of tokens is made of. Undefined members are left out.
struct TokenNormWeights {
  Tensor weight, bias;  // [width]
  Tensor shift, scale;  // [B, 1, width], both or none
};

// A sum and its norm.
struct AddedAndNormed {
  Tensor sum;  // float32 [B, T, width], h + gate y
  Tensor z;    // (1 + scale) (norm(sum) weight + bias) + shift, of the type asked for
};

// h float32 [B, T, width], y of `type` and the same shape or undefined, gate [B, 1, width] or undefined for
// 1; the norm is over the features of each token (Ba et al. 2016), float32 inside. Differentiable in all.
// Tensors on the processor take a fused kernel, others the plain way.
AddedAndNormed add_and_norm(const Tensor& h, const Tensor& y, const Tensor& gate,
                            const TokenNormWeights& weights, torch::ScalarType type);

// The same by separate operations, as the reference.
AddedAndNormed add_and_norm_plain(const Tensor& h, const Tensor& y, const Tensor& gate,
                                  const TokenNormWeights& weights, torch::ScalarType type);

}  // namespace steer

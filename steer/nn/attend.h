// Attention of tokens, without the table of all weights in memory where libtorch has it so.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

using torch::Tensor;

// Which tokens a token sees.
struct Sight {
  std::string kind = "all";  // all; causal: itself and those before; blocks: its own block and those before
  int64_t block = 1;         // of blocks: tokens in one
  bool doubled = false;      // of blocks: twice as many tokens, noised ones and then the clean ones; a noised
                             // token sees its own noised block and the clean ones before, a clean one clean
                             // ones alone (Arriola et al. 2025, BD3-LM)
  Tensor present;            // bool [B, T]: tokens that are there at all; undefined: every one
};

// Error unless `kind` is a word above and blocks are of 1 token and more.
void check(const Sight& sight);

// softmax(q k' / sqrt(d)) v over what each query sees: q [B, H, T, d], k and v [B, H, S, d], S >= T: the
// first S - T keys are of tokens that stand before all queries, and every query sees them. `doubled` and
// `present` go with S = T. Differentiable; the same for a row whatever the others are.
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Sight& sight);

// q or k [B, H, T, d], d even, turned by the places of its tokens, int64 [T] (Su et al. 2021, RoFormer): the
// two halves of d are the two coordinates of d / 2 planes, plane i turns by 10000^(-2 i / d) a place.
Tensor rotated(const Tensor& x, const Tensor& place);

}  // namespace steer

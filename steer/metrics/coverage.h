// How much of one set of images lies within another, by the features of a network.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// How good samples are, and how varied.
struct Coverage {
  double precision = 0;  // share of samples that lie within the real images: how good they are
  double recall = 0;     // share of real images that lie within the samples: how varied these are
  double coverage = 0;   // share of real images that have a sample nearer than their own neighbours
};

// Of features real [N, D] and made [M, D], N, M > neighbours >= 1. A point lies within a set when it is no
// farther from some member than that member's own `neighbours`-th nearest neighbour in the set (Kynkaanniemi
// et al. 2019; coverage: Naeem et al. 2020, which one strange sample cannot raise). Memory grows with the
// number of images, not with its square.
Coverage coverage(const Tensor& real, const Tensor& made, int64_t neighbours = 3);

}  // namespace steer

// Groups of points around centres.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// Where the centres are and which each point belongs to.
struct KMeans {
  Tensor centre;      // [k, D]
  Tensor group;       // int64 [N]
  double spread = 0;  // mean squared distance of the points to their centres
};

// Lloyd's iterations from centres drawn by k-means++ (Arthur and Vassilvitskii 2007), the best of `restarts`,
// as a function of the seed. points float32 [N, D]; k from 1 to N. No group is empty: one that becomes so
// takes the point farthest from its centre. Error for another k.
KMeans k_means(const Tensor& points, int64_t k, uint64_t seed, int64_t restarts = 10);

}  // namespace steer

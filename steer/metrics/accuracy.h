// How often a classifier is right, and what it takes for what.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// How often a classifier is right.
struct Accuracy {
  double share = 0;  // of images whose most likely class is their label, in [0, 1]
  Tensor confusion;  // int64 [M, M]: images of the row's class that were taken for the column's
};

// Logits [N, M], N > 0, against labels int64 [N] in [0, M).
Accuracy accuracy(const Tensor& logits, const Tensor& label);

// How well samples meet the class asked of each.
struct Agreement {
  double share = 0;       // of samples whose most likely class is the one asked
  double confidence = 0;  // mean probability of the class asked
  Tensor by_class;        // float64 [M]: the share among samples asked for each class; NaN where none was
};

// By a judge's logits [N, M] and the classes asked, int64 [N].
Agreement agreement(const Tensor& logits, const Tensor& asked);

}  // namespace steer

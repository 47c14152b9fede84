// How much features tell of labels, by methods that have nothing to learn but a few lines.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// Rows of features and what each is.
struct Labelled {
  Tensor x;      // float [N, D]
  Tensor label;  // int64 [N], from 0
};

// The share of the tested whose label is the most frequent one among their `count` nearest known rows, of
// equally frequent ones the smallest label. Error for shapes that do not go together, and fewer known rows.
double nearest_accuracy(const Labelled& known, const Labelled& tested, int64_t count);

// The share of the tested that a linear map takes for what they are: least squares to one-hot labels on
// features of mean 0 and variance 1 and a constant, ridge of `ridge` times the number of known rows.
double linear_accuracy(const Labelled& known, const Labelled& tested, double ridge = 1e-3);

// Rows on the `count` directions in which the rows of `known` vary most (Pearson 1901), count at most D:
// float64 [N, count].
Tensor principal_components(const Tensor& known, const Tensor& x, int64_t count);

}  // namespace steer

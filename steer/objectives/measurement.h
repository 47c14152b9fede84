// A linear look at a sample, y = A x + noise, and how likely it is.
#pragma once

#include "steer/objectives/linear_map.h"

namespace steer {

// What was measured, of T targets side by side.
struct Measurement {
  LinearMap map;       // A
  Tensor y;            // [T, M, places...]
  Tensor weight;       // [T or 1, 1, places...], >= 0 at each place; undefined: 1
  double scale = 1.0;  // multiplies the sum of squares: weight of the term / (2 noise^2)
};

// -scale * sum over M and places of weight * (y - A x)^2: [N], in float64 where x is float64, else in
// float32. N must be a multiple of T: the samples come in T equal consecutive groups, one per target.
// Differentiable in x.
Tensor log_likelihood(const Measurement& measurement, const Tensor& x);

// Throws, naming `what`, unless the measurement's tensors have the shapes above and its weights and scale are
// finite and not negative.
void check_measurement(const Measurement& measurement, const char* what);

}  // namespace steer

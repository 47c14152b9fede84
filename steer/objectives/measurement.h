// A linear look at a sample, y = A x + noise, as plain data: a generator may take it apart and choose a
// cheaper way to the same likelihood than forming the sample at full size.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>

namespace steer {

using torch::Tensor;

// A mixes channels, then blurs, then resizes by area. T targets may stand side by side.
struct LinearMeasurement {
  Tensor colour;                              // [M, C]: how channels mix; undefined: the identity, M = C
  std::function<Tensor(const Tensor&)> blur;  // at full size, the same on every channel; empty: the identity
  int64_t height = 0, width = 0;              // size of the measurement after the area resize
  Tensor y;                                   // [T, M, height, width]: what was measured
  Tensor weight;                              // [T or 1, 1, height, width], >= 0 per pixel; undefined: 1
  double scale = 1.0;  // multiplies the sum of squares: weight of the term / (2 noise^2)
};

// A x for samples x [N, C, H, W]: [N, M, height, width]. Differentiable.
Tensor measure(const LinearMeasurement& measurement, const Tensor& x);

// -scale * sum over M, height and width of weight * (y - A x)^2: [N], in float64 where x is float64, else in
// float32. N must be a multiple of T: the samples come in T equal consecutive groups, one per target.
// Differentiable in x.
Tensor log_likelihood(const LinearMeasurement& measurement, const Tensor& x);

// Throws, naming `what`, unless the measurement's tensors have the shapes above and its weights and scale are
// finite and not negative.
void check_measurement(const LinearMeasurement& measurement, const char* what);

}  // namespace steer

// Dormand and Prince's method of order 5(4) with a step size and an error estimate of each sample's own.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>

namespace steer {

using torch::Tensor;

// dx/dt of some samples: x [b, ...], their times t [b], and their places `rows`, int64 [b], in the batch.
using Drift = std::function<Tensor(const Tensor& x, const Tensor& t, const Tensor& rows)>;

// Tolerances, and when to give up.
struct AdaptiveOptions {
  double rtol = 1e-5;         // relative to a number's size
  double atol = 1e-5;         // in the units of x
  int64_t max_steps = 10000;  // of one sample, refused ones included
};

// Where samples arrived.
struct Integral {
  Tensor x;            // float64 [B, ...], at the end of the interval
  Tensor evaluations;  // int64 [B], of the drift
};

// x' = drift from t = `from` to `to`, in either direction, for x [B, ...]; computed in float64. The error of
// a sample is the root of the mean over its numbers of (error / (atol + rtol max(|before|, |after|)))^2; a
// step stands if that is at most 1. The first step is chosen as by Hairer, Norsett, Wanner 1993 (II.4). A
// sample that has arrived leaves the batch, so that it costs nothing more, and a sample's result does not
// depend on the others: 2 evaluations to begin with and 6 for each step. Error where the drift is not finite
// and after max_steps.
Integral dormand_prince(const Drift& drift, const Tensor& x, double from, double to,
                        const AdaptiveOptions& options);

}  // namespace steer

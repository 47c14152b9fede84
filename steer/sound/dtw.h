// Dynamic time warping: how alike two courses are that may pass at changing speeds.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// The cheapest way through two courses.
struct Warping {
  double cost = 0;  // the sum of distances along it
  Tensor path;      // int64 [P, 2]: places (i, j), from (0, 0) to (T - 1, U - 1)
};

// The costs of the cheapest ways through pairs of courses x [N, F, T] and y [N, F, U], features over time, as
// of mfcc: float64 [N]. A way goes from (0, 0) to (T - 1, U - 1) by steps (1, 1), (0, 1) and (1, 0) and costs
// the Euclidean distances of the features at its places (Sakoe and Chiba 1978; librosa's sequence.dtw).
// Memory grows with U. Errors for other shapes, none of anything, and features that are not finite.
Tensor warping_costs(const Tensor& x, const Tensor& y);

// The cheapest way of x [F, T] and y [F, U] itself; of steps that cost the same the first in the order above,
// backwards from the end, is taken. Memory: T U bytes; error above 2^32 of them.
Warping warping(const Tensor& x, const Tensor& y);

}  // namespace steer

// How well scores tell the frames of a class from the others.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Average precision of scores float [N] of which `positive` (bool [N]) says which are of the class: the mean,
// over the positives, of the precision among all that score at least as high. `weight` above 0 divides what
// is counted of negatives: their number over that of positives makes it the calibrated one (De Geest et al.
// 2016), which chance alone brings to one half however rare the class is. Frames of equal scores count
// together. NaN without positives.
double average_precision(const Tensor& score, const Tensor& positive, double weight = 1);

// Means over classes.
struct FramePrecision {
  Tensor each;                 // float64 [K], average precision; NaN for classes without frames
  Tensor calibrated;           // float64 [K], the calibrated one
  double mean = 0;             // over the classes that have frames
  double calibrated_mean = 0;  // likewise
};

// Of scores float [N, K] of frames whose classes are int64 [N]; the first `ignored` classes, such as
// "nothing happens", are not counted among the K - ignored.
FramePrecision frame_precision(const Tensor& score, const Tensor& label, int64_t ignored = 0);

}  // namespace steer

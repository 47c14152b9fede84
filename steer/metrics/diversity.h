// How far samples are from each other: what falls when a generator repeats itself.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Root of the mean squared difference of a number in two samples of x [N, ...], N > 0, over all numbers and
// all N^2 pairs (so a pair may be one sample twice): sqrt(2 variance). 0 for samples all alike; for images in
// [-1, 1] below sqrt(2), grey noise over the whole range has sqrt(2 / 3).
double pixel_diversity(const Tensor& x);

// The same of tokens int64 [N, T]: the share of places at which two samples differ, over all N^2 pairs; 0 for
// samples all alike, for V tokens all alike frequent 1 - 1 / V.
double token_diversity(const Tensor& token);

// Mean squared distance of two rows of features [N, D], N > 0, brought to length 1, over all N^2 pairs:
// 2 - 2 |mean row|^2, from 0 where all point the same way to 2. The mean of perceptual_distances of the
// pairs.
double feature_diversity(const Tensor& features);

}  // namespace steer

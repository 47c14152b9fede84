// How different two images look to a network: distances of its features.
#pragma once

#include <torch/types.h>

#include "steer/nn/saved_network.h"

namespace steer {

// Rows [N, D], N > 0, divided by their lengths, float64; a row of zeros stays one.
Tensor unit_rows(const Tensor& features);

// |a_i / |a_i| - b_i / |b_i||^2 of features [N, D] each: float64 [N], from 0 where they point the same way,
// as those of equal images do, to 4.
Tensor perceptual_distances(const Tensor& a, const Tensor& b);

// The mean of these over image pairs a, b [N, C, H, W] in [-1, 1], as a network out of load_features sees
// them. Any number of images; without gradient.
double perceptual_distance(const SavedNetwork& network, const Tensor& a, const Tensor& b);

}  // namespace steer

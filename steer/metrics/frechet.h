// The Frechet distance between two sets of images, by the features of a network.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Mean and covariance of features; float64.
struct Moments {
  Tensor mean;        // [D]
  Tensor covariance;  // [D, D], divided by N - 1
  int64_t count = 0;  // N
};

// Of features [N, D], N > 1, all finite.
Moments moments(const Tensor& features);

// |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)) with the covariances A and B: the squared 2-Wasserstein
// distance of two Gaussians (Dowson and Landau 1982), known as FID when the features are Inception's (Heusel
// et al. 2017). It falls with the number of images: compare only figures of the same counts.
double frechet_distance(const Moments& a, const Moments& b);

// The unbiased squared maximum mean discrepancy of features [N, D] and [M, D], N, M > 1, under the kernel
// (x y / D + 1)^3: the kernel distance (Binkowski et al. 2018), which is free of the bias in counts and may
// be below 0.
double kernel_distance(const Tensor& a, const Tensor& b);

}  // namespace steer

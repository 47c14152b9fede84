// Pictures of worlds in the plane: their density, and the ways that samples take through it.
#pragma once

#include <vector>

#include "steer/diffusion/worlds.h"

namespace steer {

// The square [-extent, extent]^2 as a picture [3, size, size] in [-1, 1], y upwards: white where nothing is,
// dark blue where the density at `sigma` is highest.
Tensor density_picture(const Mixture& world, double sigma, int64_t size, double extent);

// The picture with polylines over it: `points` [T, N, 2], one line for each of N samples, painted in `colour`
// (red, green, blue in [-1, 1]); a square dot stands at the last point of each. What lies outside is left
// out.
Tensor with_paths(const Tensor& picture, const Tensor& points, double extent,
                  const std::vector<double>& colour);

}  // namespace steer

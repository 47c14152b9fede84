// Distributions in the plane by name: drawn densities and mixtures of Gaussians alike.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steer/points/densities.h"
#include "steer/points/mixtures.h"

namespace steer {

// Points with the pieces that they come from.
struct PlanePoints {
  Tensor x;      // float32 [N, 2]
  Tensor label;  // int64 [N], -1 where the distribution has no pieces
};

// A distribution in the plane.
struct Plane {
  std::vector<std::string> classes;  // the names of its pieces; empty: it is one

  // `count` points, a function of the seed; the first n do not depend on the count.
  std::function<PlanePoints(int64_t count, uint64_t seed)> draw;

  // ln of the density convolved with N(0, std^2 I), in nats, at points x [N, 2]: [N] in the number type of x.
  // Differentiable; std from 0.02 to 1. Of drawn densities it is interpolated bilinearly on a grid, beyond
  // which it falls as the Gaussian does.
  std::function<std::function<Tensor(const Tensor& x)>(double std)> log_density;
};

// The words that make_plane knows besides pictures: density_names(), and those of world_names() that are not
// among them.
const std::vector<std::string>& plane_names();
// The same with what each means.
const std::vector<Named>& planes();

// One of plane_names(), or a picture file whose bright places are dense (make_density). Error for another
// name, and a picture that cannot be read.
Plane make_plane(const std::string& name_or_picture);

}  // namespace steer

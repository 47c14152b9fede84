// Densities over the square [-1, 1] x [-1, 1]: drawn shapes or a grey picture, points drawn from them, and
// how far points are from them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"

namespace steer {

using torch::Tensor;

// A distribution over the cells of a square grid.
struct Density {
  Tensor map;  // float64 [bins, bins], sums to 1; row 0 is the top (y = 1), column 0 the left (x = -1)
};

// The words that make_density knows besides pictures.
const std::vector<std::string>& density_names();
// The same with what each means.
const std::vector<Named>& densities();

// One of density_names() or a picture file, whose bright places are dense; a picture is resized by area to
// `bins` x `bins`. Error for another name, a picture that cannot be read or is all black, and bins outside 2
// to 1000.
Density make_density(const std::string& name_or_path, int64_t bins);

// Points float64 [count, 2] (x, y): a cell by the inverse of the cumulated map, then a place in it at random.
// The first n points do not depend on `count`.
Tensor sample_points(const Density& density, int64_t count, uint64_t seed);

// The share of points [N, 2] in each of bins x bins cells, laid out as Density::map; points outside the
// square count in the cell at its border. Error for a value that is not finite.
Tensor cell_shares(const Tensor& points, int64_t bins);

// How far one distribution is from another.
struct Divergences {
  double kl;         // sum p ln(p / q)
  double js;         // Jensen-Shannon divergence in bits, 0 to 1
  double tv;         // total variation: half the sum of |p - q|, 0 to 1
  double hellinger;  // sqrt(half the sum of (sqrt p - sqrt q)^2), 0 to 1
};

// Divergences of p from q, two distributions of one shape. 1e-24 is added to every cell of q, which is then
// normalised: a cell that q calls impossible costs about 55 nats times its share, not infinity.
Divergences divergences(const Tensor& p, const Tensor& q);

}  // namespace steer

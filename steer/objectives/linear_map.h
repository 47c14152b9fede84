// A of a linear look at a sample, y = A x, with its adjoint, as plain data: a generator may take it apart and
// choose a cheaper way to the same likelihood than forming the sample at full size.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace steer {

using torch::Tensor;

// Samples [N, C, places...] have channels and places: images [N, C, H, W], waves [N, C, T], points of d
// coordinates [N, d] one place without a name. A mixes channels, then blurs along the places, then averages
// over equal cells of them.
struct LinearMap {
  Tensor mix;                                 // [M, C]: how channels mix; undefined: the identity, M = C
  std::function<Tensor(const Tensor&)> blur;  // linear, at full size, the same on every channel; empty: none
  std::vector<int64_t> places;                // their number along each side after the averages; empty: all

  // A x for samples x [N, C, places...]: [N, M, ...]. Differentiable. Error where shapes do not fit.
  Tensor measure(const Tensor& x) const;

  // A^T y of y [N, M, ...] for samples of the sizes [C, places...]: <A x, y> = <x, A^T y>.
  Tensor adjoint(const Tensor& y, at::IntArrayRef sizes) const;
};

}  // namespace steer

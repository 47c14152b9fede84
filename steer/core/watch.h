// One hook for whoever looks on while samples are drawn: progress, previews, films, cancelling.
#pragma once

#include <cstdint>
#include <functional>

#include "steer/core/state.h"

namespace steer {

// What can be seen after a step. It lives as long as the call of the watch.
struct Glimpse {
  int64_t index = 0;                // of the step or layer, from 0
  int64_t of = 1;                   // how many there are; of adaptive solvers an estimate
  double sigma = 0;                 // noise level reached, of families that have one
  Tensor code;                      // int64 [N, layers so far], of families that have codes
  std::function<State()> sample{};  // what there is of the samples, made when asked: the layer's image, the
                                    // denoised sample; may be empty

  // Done, in (0, 1].
  double share() const { return static_cast<double>(index + 1) / static_cast<double>(of); }
};

// Called after every step; false ends the drawing. Looking changes nothing: samples are the same bit for bit.
using Watch = std::function<bool(const Glimpse&)>;

}  // namespace steer

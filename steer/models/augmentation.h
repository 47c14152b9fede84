// Changes to training images that leave their class alone and make them look unfinished.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// What a generator shows while it works is coarse or noisy; a judge of it must have seen such images.
struct AugmentOptions {
  double shrink_2 = 0.2, shrink_4 = 0.2, shrink_8 = 0.1;
  double noise = 0.3;
  int64_t shift = 2;

  void fields(OptionFields& f) {
    f("shrink_2", shrink_2, "chance that an image is averaged over squares of 2 x 2 pixels", from_to(0, 1));
    f("shrink_4", shrink_4, "the same, 4 x 4", from_to(0, 1));
    f("shrink_8", shrink_8, "the same, 8 x 8", from_to(0, 1));
    f("noise", noise, "largest standard deviation of added noise; each image draws its own, from 0",
      at_least(0));
    f("shift", shift, "largest shift in pixels, along both sides; border pixels repeat", from_to(0, 4096));
  }
};

// Error unless chances are chances, their sum is at most 1, and noise and shift are not negative.
void check(const AugmentOptions& options);

// Images x [N, C, H, W] in [-1, 1] shifted, then coarsened, then made noisy: image i by what seeds[i]
// (int64 [N]) draws, whatever its neighbours. Noise may leave [-1, 1].
Tensor augmented(const Tensor& x, const Tensor& seeds, const AugmentOptions& options);

}  // namespace steer

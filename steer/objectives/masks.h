// Masks for inpainting, by name or from a picture.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace steer {

using torch::Tensor;

// Which pixels are to be filled: float32 [1, 1, height, width], 1 = fill, 0 = given. `words` is left, right,
// top or bottom (that half), centre (the box from 1/4 to 3/4), checker (every other block of an eighth of the
// side), or the path of a picture of exactly this size (white = fill). Refuses masks that fill nothing or
// everything.
Tensor make_mask(const std::string& words, int64_t height, int64_t width);

}  // namespace steer

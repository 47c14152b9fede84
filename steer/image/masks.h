// Masks for inpainting, by name or from a picture.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/picture/colour.h"

namespace steer {

using torch::Tensor;

// The names below, without not_.
const std::vector<std::string>& mask_names();

// Which pixels are to be filled: float32 [1, 1, height, width], 1 = fill, 0 = given, in between known the
// less the nearer to 1. `words` is the path of a picture of this size (white = fill, black = given, grey =
// soft), or of another size that `fit` brings to it as images are (sized_image.h); or names the part that is
// filled:
//   left, right, top, bottom     that half
//   quadrants                    the upper left and the lower right quarter
//   centre                       the box from 1/4 to 3/4
//   eyes                         the band of rows from 2/5 to 5/9
//   eyes_bar                     that band and the upright bar of columns from 2/5 to 3/5
//   letter_s                     the strokes of a letter S
//   checker                      every other block of an eighth of the side
// `not_` before a name fills all but that part. Refuses masks that fill nothing or everything.
Tensor make_mask(const std::string& words, int64_t height, int64_t width, const std::string& fit = "",
                 const Colour& background = kWhite);

}  // namespace steer

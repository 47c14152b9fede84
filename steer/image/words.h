// The words of objectives about images.
#pragma once

#include "steer/objectives/vocabulary.h"

namespace steer {

// inpaint, super_resolve, colourise, denoise, low_bit, gaussian_deblur, edges, canny, strokes, style, gram
// and text. An image argument is a PNG, JPEG or WebP of the sample's size, or of another size with a fit.
const std::vector<Word>& image_words();

}  // namespace steer

// The words of objectives that know a part or a blur of an image: no network is asked.
#pragma once

#include <vector>

#include "steer/objectives/vocabulary.h"

namespace steer {

// inpaint, super_resolve, colourise, denoise, low_bit, gaussian_deblur and strokes.
std::vector<Word> measurement_words();

}  // namespace steer

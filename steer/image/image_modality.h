// Images as a kind of sample.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// Images [N, C, H, W] in [-1, 1]: files are PNG, JPEG and WebP, data sets as make_image_dataset.
const Modality& image_modality();

}  // namespace steer

// The picture formats that everybody has, for codes of images to compare with.
#pragma once

#include <vector>

#include "steer/modality/rival.h"

namespace steer {

// JPEG and lossy WebP, of images [N, C, H, W] in [-1, 1], C 1 or 3.
std::vector<Rival> image_rivals();

}  // namespace steer

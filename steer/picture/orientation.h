// Which way up a photo is: the orientation that cameras note in Exif data.
#pragma once

#include <torch/types.h>

#include <string_view>

namespace steer {

using torch::Tensor;

// The orientation, 1 to 8, that Exif data tell (TIFF, tag 0x0112; Exif 2.32, 4.6.4), with or without
// "Exif\0\0" before them. 1, as stored, where they tell none or cannot be read.
int orientation_in(std::string_view exif);

// A picture [C, H, W] turned and mirrored as a viewer shows it, [C, H, W] or [C, W, H].
Tensor upright(const Tensor& picture, int orientation);

}  // namespace steer

// Pictures as files of the formats that viewers know.
#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "steer/picture/png_texts.h"

namespace steer {

using torch::Tensor;

// The endings of names that a picture can be written by, as messages list them.
constexpr const char* kPictureEndings = ".png, .jpg, .jpeg, .webp or .gif";
bool is_written_picture_name(std::string_view name);

// A picture [C, H, W] in [-1, 1], C 1 or 3, in the format that the name ends in: PNG and WebP without loss,
// JPEG of quality 95 without thinned-out colours, GIF of 256 greys or of the fixed colours of gif.h. Texts go
// into a PNG; the other formats hold none. Error for another ending, and for sides that the format cannot
// hold (65,500 for JPEG, 65,535 for GIF, 16,383 for WebP).
std::string encode_picture(const Tensor& picture, std::string_view name,
                           const std::vector<PngText>& texts = {});

}  // namespace steer

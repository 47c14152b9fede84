// Baseline JPEG files.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

using torch::Tensor;

// How a JPEG is written.
struct JpegSettings {
  int quality = 95;              // 1 to 100
  bool thin_colours = false;     // colour at half the resolution (4:2:0)
  bool standard_tables = false;  // the Huffman tables of the standard's text, not those best for the picture
};

// A picture uint8 [C, H, W], C 1 or 3, sides of at most 65,500. Error for anything else.
std::string encode_jpeg(const Tensor& picture, const JpegSettings& settings = {});

}  // namespace steer

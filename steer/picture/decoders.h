// Files of one format as planes; images.h tells which format a file has.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace steer {

using torch::Tensor;

// What a file holds, as it is stored.
struct Decoded {
  Tensor planes;        // uint8 [C, H, W]: grey, grey and alpha, RGB, or RGB and alpha
  int orientation = 1;  // orientation.h
};

// Error for a file that is not whole, and, before anything is decoded, for one of too many pixels.
Decoded decode_png(std::string_view bytes, const std::string& name);
Decoded decode_jpeg(std::string_view bytes, const std::string& name);
Decoded decode_webp(std::string_view bytes, const std::string& name);

// Error above kMaxSide and kMaxPixels (images.h).
void check_sides(const std::string& name, int64_t height, int64_t width);

// Rows of interleaved values [H, W, C] as [C, H, W].
Tensor planes_of(const Tensor& pixels);

}  // namespace steer

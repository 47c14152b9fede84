// Brings images in bytes to a stated number of channels and a stated size.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

using torch::Tensor;

// The largest size to fit to.
constexpr int64_t kMaxFit = 4096;

// Images uint8 [N, 1 or 3, H, W] with `channels` 1, 3 or 0 (as they are). Grey is 0.299 R + 0.587 G + 0.114 B
// rounded; colour from grey repeats it.
Tensor with_channels(const Tensor& images, int64_t channels);

// Images uint8 [N, C, H, W] as [N, C, size, size]; size 0 leaves them. `fit` is one of
//   pad     centred on black, first shrunk by area (both sides alike) where a side is too long;
//   resize  the whole image: area averages along a side that shrinks, bilinear along one that grows; an image
//           of at most 64 colours, and four pixels to a colour, that grows by whole factors is pixel art,
//           whose pixels become squares;
//   crop    the largest centred part of the shape asked for, then as resize.
Tensor fitted(const Tensor& images, int64_t size, const std::string& fit);

// The same as float32 [N, C, height, width] in [0, 255], not rounded.
Tensor fitted_exactly(const Tensor& images, int64_t height, int64_t width, const std::string& fit);

}  // namespace steer

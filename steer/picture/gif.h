// Animated GIF pictures.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

using torch::Tensor;

// Colours and times of a film.
struct GifOptions {
  Tensor palette;                   // uint8 [256, 3] that grey values stand for; not defined: 256 greys
  int64_t delay_centiseconds = 5;   // how long each frame stays
  int64_t last_centiseconds = 200;  // how long the last one stays before the film begins anew
};

// A film that repeats for ever. Frames are uint8 [F, H, W] or [F, 1, H, W], values of the palette, or colours
// [F, 3, H, W], which are rounded to a fixed palette of 6 x 7 x 6 colours. A frame stores only the rectangle
// that changed.
std::string encode_gif(const Tensor& frames, const GifOptions& options = {});
void write_gif(const std::string& path, const Tensor& frames, const GifOptions& options = {});

}  // namespace steer

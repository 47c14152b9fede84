// Images put together into one picture.
#pragma once

#include <torch/types.h>

#include <vector>

namespace steer {

using torch::Tensor;

// Images [N, C, h, w] in [-1, 1] as one picture [C, H, W]: `columns` side by side (0: about a square), with a
// `gap` of white pixels between them and around.
Tensor image_grid(const Tensor& images, int64_t columns = 0, int64_t gap = 2);

// Pictures of one thing seen several ways: every source is images [N, C, H, W] of one shape; `columns` images
// of the first source stand side by side, those of the second below them and so on, then the next `columns`.
// An incomplete last block is filled with white.
Tensor stacked_grid(const std::vector<Tensor>& sources, int64_t columns);

// A picture [C, h, w] of bytes or floats in which each pixel is a square of zoom x zoom pixels, zoom 1 to 64:
// [C, h zoom, w zoom].
Tensor enlarged(const Tensor& picture, int64_t zoom);

}  // namespace steer

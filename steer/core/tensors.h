// Small operations on tensors that stand for images: area resize, padding, picture grids.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Images [N, C, h, w] at height x width by area averaging: every new pixel is the mean of the area it
// covers. Where the size grows by a whole factor, pixels repeat. Differentiable.
Tensor area_resize(const Tensor& images, int64_t height, int64_t width);

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

// Values in [-1, 1] as bytes: (x + 1) * 127.5 rounded, clipped; and back.
Tensor to_bytes(const Tensor& images);
Tensor from_bytes(const Tensor& bytes);

// A shape as people write it: "[2, 3, 32, 32]".
std::string shape_text(at::IntArrayRef shape);

}  // namespace steer

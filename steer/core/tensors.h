// Small operations on maps: area resize, values as bytes; and on shapes.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Images [N, C, h, w] at height x width by area averaging: every new pixel is the mean of the area it
// covers. Where the size grows by a whole factor, pixels repeat. Differentiable.
Tensor area_resize(const Tensor& images, int64_t height, int64_t width);

// Values in [-1, 1] as bytes: (x + 1) * 127.5 rounded, clipped; and back.
Tensor to_bytes(const Tensor& images);
Tensor from_bytes(const Tensor& bytes);

// The sizes of so many rows of this shape: {rows, shape...}.
std::vector<int64_t> with_rows(int64_t rows, at::IntArrayRef shape);

// A shape as people write it: "[2, 3, 32, 32]".
std::string shape_text(at::IntArrayRef shape);

}  // namespace steer

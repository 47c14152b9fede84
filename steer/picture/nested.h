// A tree of images as one recursive picture.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace steer {

using torch::Tensor;

// The picture [C, S, S] of a tree in which everything has K children: `levels` holds images [K, C, h, w],
// [K^2, C, h, w] and so on, child k of image i in row i K + k. A square of m x m blocks, m odd, m m > K: the
// image (at the root the mean of its children) fills the middle block and each child a block around it,
// itself such a square; the last level's images have `cell` pixels, at least 4.
Tensor nested_picture(const std::vector<Tensor>& levels, int64_t cell);

}  // namespace steer

// Points in the plane as a picture.
#pragma once

#include <torch/types.h>

#include <vector>

namespace steer {

using torch::Tensor;

// The square that pictures of points show: [-kPictureReach, kPictureReach]^2, y upwards.
constexpr double kPictureReach = 1.4;
// Pixels along a side of such a picture.
constexpr int64_t kPictureSide = 480;

// Points [N, 2] of one source or several as soft dots on one night-blue square [3, kPictureSide,
// kPictureSide] in
// [-1, 1], with lines at the halves; the axes and the border of [-1, 1]^2 are brighter. Of one source, dots
// glow the brighter the denser they lie; of several, each has its colour, later ones over earlier ones: blue,
// amber, rose, green, and again. Points outside the square are left out. Dots shrink as there are more of
// them.
Tensor points_picture(const std::vector<Tensor>& sources);

}  // namespace steer

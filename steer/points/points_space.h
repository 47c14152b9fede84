// The space of points in the plane.
#pragma once

#include "steer/core/space.h"

namespace steer {

// Points (x, y), or of more coordinates, anywhere.
inline Space points_space(int64_t coordinates = 2) {
  Space space;
  space.kind = "points";
  space.sizes = {coordinates};
  return space;
}

}  // namespace steer

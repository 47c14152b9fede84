// The space of points in the plane.
#pragma once

#include "steer/core/space.h"

namespace steer {

// Points (x, y), or of more coordinates, anywhere; or samples of another kind that are such numbers too.
inline Space points_space(int64_t coordinates = 2, const std::string& kind = "points") {
  Space space;
  space.kind = kind;
  space.sizes = {coordinates};
  return space;
}

}  // namespace steer

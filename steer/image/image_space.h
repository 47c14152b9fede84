// The space of images.
#pragma once

#include "steer/core/space.h"

namespace steer {

// Images [channels, height, width] in [-1, 1].
inline Space image_space(int64_t channels, int64_t height, int64_t width) {
  Space space;
  space.sizes = {channels, height, width};
  space.limit = 1;
  return space;
}

}  // namespace steer

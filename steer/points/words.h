// The words of objectives about points in the plane.
#pragma once

#include "steer/objectives/vocabulary.h"

namespace steer {

// ring, near, coordinate, halfplane and density.
const std::vector<Word>& points_words();

}  // namespace steer

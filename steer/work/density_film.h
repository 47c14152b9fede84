// The film of points that learn a density.
#pragma once

#include <string>

#include "steer/work/density_learning.h"

namespace steer {

// A frame of it: points [N, 2] as soft dots on the left, the density on the right, a white gap between: uint8
// [S, 2 S + gap], places in glow_palette().
Tensor density_frame(const Tensor& points, const Density& density);

// From night blue over red to a warm white: uint8 [256, 3].
Tensor glow_palette();

// The film of what was made as a GIF at `path`, and beside a plain file its figures as NAME.json.
void write_density_film(const std::string& path, const DensityLearning& made, const DensityRequest& request);

}  // namespace steer

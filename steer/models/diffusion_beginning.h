// Where a diffusion begins that is given samples: at their level of noise.
#pragma once

#include "steer/models/diffusion_model.h"

namespace steer {

// Where a solver begins, and the levels that it visits from there.
struct DiffusionStart {
  Tensor levels;  // float64 [steps + 1]
  Tensor x;       // [N, sizes...], in sigma coordinates
};

// From pure noise of these seeds at the first level of the sampler's grid; or, where there is a beginning,
// from its samples with noise of sigma = s / (1 - s), s its share: x_t = (1 - s) x0 + s n in sigma
// coordinates, the same for every process. As many steps as the sampler says lead from there to 0, on its
// grid's law (grids that pick from a table give way to `time`). A share whose sigma is above the grid's first
// level begins there.
DiffusionStart start_of(const DiffusionModel& model, const SamplerOptions& sampler, const Beginning& begin,
                        const Tensor& seeds);

}  // namespace steer

// K points learn a density in the plane, and are compared with points drawn from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/points/densities.h"
#include "steer/points/density.h"
#include "steer/work/watching.h"

namespace steer {

// What is asked.
struct DensityRequest {
  std::string density = "spirals";  // a name or picture, as make_density takes it
  DensityOptions options;           // of the points
  double last_step = 0.05;          // the step falls evenly from options.step to this
  int64_t samples = 100000;         // points that they learn from
  int64_t passes = 6;               // times that they see each
  int64_t bins = 100;               // cells along each side in which densities are compared
  bool compare = false;             // learn once more without splits
  int64_t frames = 60;              // of the film; 0: none
  uint64_t seed = 0;                // of all that is drawn
};

// What came of it.
struct DensityLearning {
  Divergences trained;                       // of the points from the density
  std::optional<Divergences> gradient_only;  // of those without splits
  Divergences real;                          // of as many points drawn from the density
  Tensor points;                             // float64 [K, 2]
  double seconds = 0;                        // of training, without comparison and film
  int64_t splits = 0;                        // made
  Tensor film;  // uint8 [frames, H, W] of palette indices: nodes left, density right; or undefined
  bool interrupted = false;  // the watch ended it; all is of the points as they stood
};

// Learns it. Tells the watch as "density NAME".
DensityLearning learn_density(const DensityRequest& request, const WorkWatch& watch = {});

// What was asked and came of it as Json; divergences as kl, js, tv and hellinger under trained, gradient_only
// and real.
Json density_json(const DensityLearning& made, const DensityRequest& request);

}  // namespace steer

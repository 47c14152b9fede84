// Fine-tunes a generator through its own samples toward any differentiable objective.
#pragma once

#include <functional>

#include "steer/models/ddn_model.h"

namespace steer {

// How far the samples may go, and for how long.
struct TuneOptions {
  double minutes = 3;        // of tuning
  int64_t batch = 32;        // samples of a step
  double rate = 2e-4;        // of Adam
  double anchor = 0.3;       // weight of the distance to what the original can make
  double keep = 0.03;        // weight of the distance to the original's image of the same code
  double satisfied = -0.05;  // scores above this one count as this one; 0 or more: no limit
  uint64_t seed = 0;         // of the codes
};

// Checks ranges; Error names the field.
void check(const TuneOptions& options);

// How far it has come.
struct TuneState {
  int64_t steps = 0;                       // made
  double score = 0, anchor = 0, keep = 0;  // running means over samples: score, and the two distances
};

// Called after every step with the share of the budget done, at most 1; false ends the tuning. May be empty.
using TuneWatch = std::function<bool(double share, const TuneState& state)>;

// Draws uniformly random codes k, runs the network along them and lets the gradient flow through the chosen
// outputs of all layers into every weight, to lower
//   mean over samples of  -min(score(x), satisfied) + anchor |x - R(x)|^2 + keep |x - x_0(k)|^2,
// where R(x) is what the original model, which stays as it was, reconstructs of x from its nearest code, and
// x_0(k) the original's image of the same code; squares are sums over all values. The first anchor keeps
// samples among the images that the original can make, the second keeps them apart from each other. Error
// when the objective has no gradient, the model is conditional, or a loss is not finite.
TuneState tune(DdnModel& model, const Objective& objective, const TuneOptions& options,
               const TuneWatch& watch = {});

}  // namespace steer

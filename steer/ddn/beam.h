// Beam search: several prefixes of a code go on side by side, the best by a score survive.
#pragma once

#include "steer/ddn/candidates.h"

namespace steer {

// The negative squared distance to x [N, C, H, W], area-averaged to the layer's size; rows come in N equal
// consecutive groups.
Scorer nearness_to(const Tensor& x);

// The size of a search.
struct BeamOptions {
  int64_t groups = 1;  // searches side by side; the forward starts with this many rows
  int64_t width = 8;   // prefixes that each keeps from layer to layer
  int64_t keep = 1;    // that each keeps at the last layer, best first
  int64_t depth = 1;   // layers L of the network
};

// At each layer every group keeps the `width` best of its rows' candidates, at the last the `keep` best:
// groups x keep rows come out, group after group. Width 1 is greedy choice. With a prior, ln p(k | indices
// before) of each candidate, those of the whole prefix are added to its score.
Chooser beam_search(const Scorer& scorer, const BeamOptions& options, const Scorer& prior = {});

}  // namespace steer

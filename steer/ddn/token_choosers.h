// Choosers among candidates that are logits of tokens (block_network.h).
#pragma once

#include "steer/ddn/candidates.h"

namespace steer {

// Takes the candidate that says tokens int64 [B, H W] in the fewest nats, those where `known` (bool [B, H W],
// undefined: all) is set, with `expect` times the nats that the network's own prior asks for its index: 0
// takes the nearest by cross-entropy, 1 the shortest code. `nearest` names the same. Layers of 2 to
// `most_rivals` candidates also say which was second and how far all were.
Chooser shortest_for(const Tensor& token, double expect, const Tensor& known = {}, int64_t most_rivals = 0);

// The same of nats [B, K] that are known already: the choice among these candidates.
Choice shortest_of(const Candidates& candidates, const Tensor& nats, double expect, int64_t most_rivals);

// Draws the candidate by the network's own prior, divided by the temperature (0: the likeliest); a function
// of each row's seed (int64 [B]) and the layer.
Chooser by_own_prior(const Tensor& seeds, double temperature = 1);

}  // namespace steer

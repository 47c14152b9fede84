// A code as it unfolds: what each layer of a forward chose, brought to the network's size.
#pragma once

#include "steer/ddn/network.h"

namespace steer {

// What was chosen on the way.
struct Progression {
  Tensor code;                 // int64 [N, L]
  std::vector<Tensor> images;  // [N, C, H, W] for each layer asked for, smaller ones grown bilinearly
};

// Runs the network, which is in evaluation, and keeps the images chosen at `layers` (0-based, rising; empty:
// all). The rows are told `condition`.
Progression progression(const Network& network, int64_t rows, const Chooser& chooser,
                        const std::vector<int64_t>& layers = {}, const Condition& condition = {});

// At most `most` of `depth` layers, evenly spread: the first and the last are among them when `most` allows.
std::vector<int64_t> spread_layers(int64_t depth, int64_t most);

}  // namespace steer

// The first layers of a code as a tree.
#pragma once

#include "steer/ddn/network.h"

namespace steer {

// All prefixes of the first `levels` layers, every one computed once.
struct PrefixTree {
  int64_t branching;  // K
  int64_t levels;     // how many layers it follows
  // Of level l: [K^(l+1), C, H, W] at the network's size; a child of prefix i is row i K + k.
  std::vector<Tensor> images;
};

// A conditional network is told `condition`, of one row. Error when the layers differ in K or there would be
// more than `most` prefixes at the last level.
PrefixTree prefix_tree(const Network& network, int64_t levels, int64_t most = 4096,
                       const Condition& condition = {});

}  // namespace steer

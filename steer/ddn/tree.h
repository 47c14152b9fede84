// The recursive picture of a code's first layers: each prefix in the middle of a square, its continuations
// around it.
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

// The picture [C, S, S]: a square of m x m blocks, m odd, m m > K; the prefix (at the root the mean of its
// children) fills the middle block and each child a block around it, itself such a square; the last level's
// images have `cell` pixels.
Tensor tree_picture(const PrefixTree& tree, int64_t cell);

}  // namespace steer

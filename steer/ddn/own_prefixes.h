// Training on the network's own prefixes: rows whose first layers are drawn, not chosen for a sample.
#pragma once

#include "steer/ddn/network.h"

namespace steer {

// What the rows of a batch follow in place of their own samples.
struct OwnPrefixes {
  Tensor held;    // int64 [B]: how many of the first layers are drawn; 0 for rows that go on as ever
  Tensor code;    // int64 [B, L]: the indices drawn; of other rows without meaning
  Tensor target;  // int64 [B]: the row of the batch that a row is to become; its own, where nothing is drawn
};

// Each row of images x [B, C, H, W] has with this chance a prefix of 1 to L - 1 layers drawn at random, all
// lengths alike; its target is the image of the batch nearest to what that prefix shows, at the layer's size,
// among those that are told the same. A function of the rows' seeds (int64 [B]), the batch and the network.
OwnPrefixes own_prefixes(const Network& network, const Tensor& x, double chance, const Tensor& seeds,
                         const Condition& condition = {}, const Tensor& label = {});

}  // namespace steer

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

// The column of each row in the cheapest assignment of rows to columns of their own: cost float [N, M], N at
// most M, finite -> int64 [N] on the host.
Tensor assigned(const Tensor& cost);

// Each row of images x [B, C, H, W] has with this chance a prefix of 1 to L - 1 layers drawn at random, all
// lengths alike. Their targets are images of the batch that are told the same, one for each, assigned so that
// what the prefixes show is nearest to them in all, by mean squared differences at the layers' sizes: nearest
// ones by themselves would be the same few for most. A function of the rows' seeds (int64 [B]), the batch and
// the network.
OwnPrefixes own_prefixes(const Network& network, const Tensor& x, double chance, const Tensor& seeds,
                         const Condition& condition = {}, const Tensor& label = {});

}  // namespace steer

// Balancing without pruning: a bias for each node that grows while the node is used too much.
#pragma once

#include "steer/ddn/layer.h"

namespace steer {

// Gives a layer its biases, zero at first: the buffer `bias`, float64 [K].
void add_node_bias(Layer& layer);

// b_k += rate * sign(load_k - 1/K), load by the layer's counts, and then centred (Wang et al. 2024, loss-free
// balancing). A bias counts in units of the mean distance to the nearest node. On the device, no
// synchronisation.
void update_node_bias(Layer& layer, double rate);

// argmin_k (D_k + b_k d), d the mean over rows of min_k D_k: int64 [B] from distances [B, K].
Tensor biased_nearest(const Tensor& distance, const Tensor& bias);

}  // namespace steer

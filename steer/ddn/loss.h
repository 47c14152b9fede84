// The training loss of a Discrete Distribution Network and the figures that come with it.
#pragma once

#include "steer/ddn/chooser.h"
#include "steer/ddn/network.h"

namespace steer {

// The loss of a batch, and how its layers fared.
struct ReconstructionLoss {
  Tensor loss;      // mean over layers of the mean squared error of the chosen image; differentiable
  Tensor by_layer;  // [L], detached
  std::vector<Tensor> nearest;  // int64 [B] per layer: the node nearest to the target
  // As a Choice has them, per layer; undefined where the chooser was not asked for them.
  std::vector<Tensor> second;  // int64 [B]
  std::vector<Tensor> losses;  // float64 [K]
};

// J = (1/L) sum_l mean |x_l* - x_l|^2 on images x [B, C, H, W] in [-1, 1], x_l area-averaged to the layer's
// size (Yang 2025, equation 3). The chooser is usually nearest_to(x), perhaps with chain dropout.
// Without a condition each prefix that rows have in common runs once (prefix_sharing.h), unless `share` is
// false. With `held` (int64 [B]) a row has no part in the errors of its first held[b] layers.
ReconstructionLoss reconstruction_loss(const Network& network, const Tensor& x, const Chooser& chooser,
                                       const Condition& condition = {}, bool share = true,
                                       const Forwarding& how = {}, const Tensor& held = {});

}  // namespace steer

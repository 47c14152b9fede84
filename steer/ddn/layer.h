// The discrete distribution layer: a 1x1 convolution of K nodes, and how its chosen image re-enters the
// features.
#pragma once

#include <torch/nn.h>

#include <vector>

#include "steer/ddn/candidates.h"

namespace steer {

// The shape of a layer.
struct LayerOptions {
  int64_t features = 0;        // channels c of the stem
  int64_t image_channels = 1;  // C
  int64_t candidates = 64;     // K
  bool residual = true;        // candidates are added to the previous image
  bool leak = true;            // half of the features choose, the other half leaks through the chosen node
  bool reenters = true;        // the chosen image is added to the features as reenter() does
  double stir = 0;             // noise on a clone's weights, as a share of their deviation: clones whose
                               // gradients are alike, as those of a sum over all candidates, never part else
};

// One bias-free 1x1 convolution W [K C, c'] (rows of node k are k C .. k C + C - 1); c' = c / 2 with leak,
// else c. Initial values are uniform within 1 / sqrt(c'), as of a default convolution. Keeps the counts of
// how often each node was nearest.
struct LayerImpl : torch::nn::Module {
  explicit LayerImpl(const LayerOptions& options);

  // The candidates over features h [B, c, H, W] and the previous image [B, C, h, w] (undefined at the start),
  // which is brought to H x W bilinearly where the layer is residual.
  Candidates candidates(const Tensor& h, const Tensor& previous) const;

  Tensor node_weights() const;  // [K, C, c'], a view of the parameter

  LayerOptions options;
  torch::nn::Conv2d multi_out_conv1x1{nullptr};
  Tensor counts;  // float64 [K], times each node was nearest; see split_prune.h
  Tensor idle;    // int64 [K], training images since each node was last nearest
  Tensor bias;    // float64 [K], or undefined; see node_bias.h
  // Other parameters with a row for each node, which a node's clone takes over with its weights.
  std::vector<Tensor> companions;
};
TORCH_MODULE(Layer);

// h [B, c, H, W] with `image` [B, C, H, W] added into its first C channels, `leak` into its last C and
// `condition` [B, condC, H, W] into those from c/2 - condC/2 on; each may be undefined. No gradient goes to
// the condition.
Tensor reenter(const Tensor& h, const Tensor& image, const Tensor& leak, const Tensor& condition = {});

}  // namespace steer

// What a TorchScript network makes of images, which come to it in its own size and colours.
#pragma once

#include "steer/nn/scripted.h"

namespace steer {

// What the network takes.
struct FeatureOptions {
  int64_t size = 64;      // height and width of the network's input; samples are resized to the nearest pixel
  bool imagenet = false;  // colours as (x + 1) / 2, less ImageNet's mean, over its deviation; else x itself
};

// A network that takes [N, 3, size, size] and gives [N, ...].
class FeatureNetwork {
 public:
  // `what` is named in errors.
  FeatureNetwork(ScriptedNetwork network, const FeatureOptions& options, std::string what);

  // Float32 features [N, ...] of x [N, 1 or 3, H, W] in [-1, 1]; grey is repeated. Differentiable in x as far
  // as the network is. Error where the network gives no row for each image.
  Tensor operator()(const Tensor& x) const;

 private:
  ScriptedNetwork network_;
  FeatureOptions options_;
  std::string what_;
};

}  // namespace steer

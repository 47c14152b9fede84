// A small convolutional network that tells the class of an image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/nn/conv.h"
#include "steer/nn/extent.h"
#include "steer/nn/forwarding.h"

namespace steer {

// The shape of a classifier.
struct ClassifierOptions {
  int64_t channels = 0;
  int64_t size = 32;
  int64_t classes = 0;
  std::vector<int64_t> widths = {32, 64, 128};
  int64_t blocks = 1;
  int64_t patch = 2;
  double dropout = 0.1;

  void fields(OptionFields& f) {
    f("channels", channels, "channels of the images; 0 = as in the data", from_to(0, 4096));
    f("size", size, "height and width of the images", from_to(1, 4096));
    f("classes", classes, "number of classes; 0 = as in the data", from_to(0, 1 << 20));
    f("widths", widths, "channels at each resolution, each half of the one before", from_to(1, 1 << 16));
    f("blocks", blocks, "residual blocks at each resolution", from_to(1, 4096));
    f("patch", patch, "side of the pixel squares that become one position before the first convolution",
      from_to(1, 4096));
    f("dropout", dropout, "chance that a feature is dropped before the last layer", from_below(0, 1));
  }
};

// How much such a network is, without building it. Error for options that its constructor refuses.
Extent extent(const ClassifierOptions& options);

// Residual blocks of two 3x3 convolutions with group norms, means of 2x2 between resolutions, a mean over
// positions, one linear layer. Holds no running statistics: an image's logits never depend on its batch.
struct ClassifierImpl : torch::nn::Module {
  // Error where channels or classes are not given, or the size cannot be halved as often as widths ask.
  explicit ClassifierImpl(const ClassifierOptions& options);

  // x [N, C, size, size] in [-1, 1] -> logits [N, classes], float32. Differentiable.
  Tensor forward(const Tensor& x, const Forwarding& how = {}) const;
  // What the last layer sees, before dropout: [N, widths.back()], float32.
  Tensor features(const Tensor& x, const Forwarding& how = {}) const;

  ClassifierOptions options;
  torch::ScalarType compute_type = torch::kFloat32;  // of the convolutions, unless told otherwise
  Conv stem{nullptr};
  torch::nn::ModuleList stages{nullptr};  // widths x blocks
  GroupNormSilu norm{nullptr};
  torch::nn::Linear last{nullptr};
};
TORCH_MODULE(Classifier);

}  // namespace steer

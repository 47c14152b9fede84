// The single-shot pyramid: every layer has its own residual block and its own nodes; sizes double from scale
// to scale.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/ddn/network.h"
#include "steer/nn/conv.h"

namespace steer {

// One entry per scale, from start_size up to the image size, doubling.
struct PyramidOptions {
  int64_t start_size = 1;                                     // a power of two
  std::vector<int64_t> widths = {128, 128, 128, 64, 64, 32};  // features at each scale
  std::vector<int64_t> layers = {1, 1, 2, 4, 8, 8};           // layers at each scale
  std::vector<int64_t> candidates = {64};                     // K at each scale, or one for all
  int64_t image_channels = 1;
  bool residual = true;
  bool leak = true;
  double dropout = 0;                       // of activations, inside the blocks while training
  std::string start = "zeros";              // zeros | ramp: image and leak that enter the first layer
  std::string start_features = "official";  // official | plain: what a start larger than 1x1 begins with

  void fields(OptionFields& f) {
    f("start_size", start_size, "height and width of the first scale", from_to(1, 4096));
    f("widths", widths, "feature channels of each scale, from start_size on, doubling", from_to(1, 1 << 16));
    f("layers", layers, "layers of each scale", from_to(0, 4096));
    f("candidates", candidates, "candidates K of each scale, or one number for all", from_to(1, 1 << 20));
    f("image_channels", image_channels, "channels of the images", from_to(1, 4096));
    f("residual", residual, "add candidates to the previous image");
    f("leak", leak, "half of the features choose, the other half leaks through the chosen node");
    f("dropout", dropout, "dropout of activations inside the blocks", from_below(0, 1));
    f("start", start,
      "image and leak that enter the first layer: zeros, or ramp (-1 to 1 over the channels)");
    f("start_features", start_features,
      "features of a start larger than 1x1: official (cosines of the sines, backwards, at odd places), or "
      "plain (cosines of the angles; networks made before this option)");
  }
};

// Error that names the option where the network could not be built: other numbers of layers or candidates
// than scales, sizes that are no power of two or reach above 4096.
void check(const PyramidOptions& options);

// The official shapes for images of this size (a power of two): widths clip(8192 / size, 4, 256), layers
// min(max_layers, 1, 2, 4, ..., 64), K min(max_candidates, clip(4 width, 16, 1024) / 2) (Yang 2025).
PyramidOptions official_pyramid(int64_t size, int64_t max_layers, int64_t max_candidates,
                                int64_t image_channels);

// y = conv0(silu(norm0(x))); y = conv1(dropout(silu(norm1(y)))); (y + skip(x)) sqrt(1/2). Upsampling repeats
// pixels before conv0 and in the skip.
struct ResidualBlockImpl : torch::nn::Module {
  // x [B, in, H, W] becomes [B, out, H, W], with `up` of twice the height and width.
  ResidualBlockImpl(int64_t in, int64_t out, bool up, double dropout);

  // The formula above; `seed` decides what is dropped.
  Tensor forward(const Tensor& x, const DropoutSeed& seed = {}) const;

  bool up;         // whether it doubles height and width
  double dropout;  // chance that an activation is dropped where there is a seed
  GroupNormSilu norm0{nullptr}, norm1{nullptr};
  Conv conv0{nullptr}, conv1{nullptr}, skip{nullptr};
};
TORCH_MODULE(ResidualBlock);

// Module names follow the official checkpoints: block_{N}x{N}_{i}[_up].block.* and
// .ddo.multi_out_conv1x1.weight. A condition is area-averaged and added into the centre channels once per
// resolution, at the first layer whose input has that size: the second of a scale, or, where there is but
// one, the upsampling layer of the next. The last scale is told nothing where it has one layer. A condition
// has no parameters.
class Pyramid : public Network {
 public:
  // Error for options that contradict themselves, and scales too narrow for the condition.
  explicit Pyramid(const PyramidOptions& options, const ConditionOptions& condition = {});

  std::vector<LayerShape> shapes() const override { return shapes_; }
  std::vector<Layer> layers() const override { return nodes_; }
  int64_t layer_of(int64_t application) const override { return application; }
  int64_t image_channels() const override { return options_.image_channels; }

 private:
  Generated forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                    const Condition& condition, const Forwarding& how) const override;
  Tensor start(int64_t rows, torch::ScalarType type) const;
  // Whether the condition enters at layer l.
  bool told_at(size_t l) const;

  PyramidOptions options_;
  std::vector<LayerShape> shapes_;
  std::vector<ResidualBlock> blocks_;
  std::vector<Layer> nodes_;
};

}  // namespace steer

// The network for samples of few numbers, such as points in the plane: every layer has its own fully
// connected block and its own nodes.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/ddn/network.h"
#include "steer/nn/extent.h"
#include "steer/nn/projection.h"

namespace steer {

// The shape of the network.
struct PointsNetworkOptions {
  std::string kind = "points";                      // of sample
  int64_t values = 2;                               // C
  std::string elements;                             // of molecules
  int64_t width = 64;                               // features
  int64_t layers = 3;                               // L
  std::vector<int64_t> candidates = {256, 16, 16};  // K of each layer, or one for all
  bool residual = true;
  bool leak = true;

  void fields(OptionFields& f) {
    f("kind", kind, "the kind of sample, any whose samples have one size");
    f("values", values, "numbers of a sample", from_to(1, 1 << 20));
    f("elements", elements, "of molecules: symbols of the elements, one after the other");
    f("width", width, "features of every layer, even", from_to(2, 1 << 16));
    f("layers", layers, "layers, one chosen index each", from_to(1, 4096));
    f("candidates", candidates, "candidates K of each layer, or one number for all", from_to(1, 1 << 20));
    f("residual", residual, "add candidates to the previous point");
    f("leak", leak, "half of the features choose, the other half leaks through the chosen node");
  }
};

// How much such a network is, without building it. Error for options that its constructor refuses.
Extent extent(const PointsNetworkOptions& options, const ConditionOptions& condition = {});

// h + linear_2(silu(linear_1(norm(h + entry(e))))): features h [N, width] and what enters, e [N, entering].
struct PointsBlockImpl : torch::nn::Module {
  // Of these numbers of values.
  PointsBlockImpl(int64_t entering, int64_t width);

  Tensor forward(const Tensor& h, const Tensor& entering) const;

  Projection entry{nullptr}, linear_1{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(PointsBlock);

// Points are maps [N, C, 1, 1]. What enters a layer: the last point, its leak, and what the row is told. A
// row depends on itself alone. Computes in float32 alone: places in the plane need all digits.
class PointsNetwork : public Network {
 public:
  // Error for options that contradict themselves, and conditions other than classes.
  explicit PointsNetwork(const PointsNetworkOptions& options, const ConditionOptions& condition = {});

  std::vector<LayerShape> shapes() const override;
  std::vector<Layer> layers() const override { return nodes_; }
  int64_t layer_of(int64_t application) const override { return application; }
  int64_t image_channels() const override { return options_.values; }

 private:
  Generated forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                    const Condition& condition, const Forwarding& how) const override;

  PointsNetworkOptions options_;
  std::vector<PointsBlock> blocks_;
  std::vector<Layer> nodes_;
};

}  // namespace steer

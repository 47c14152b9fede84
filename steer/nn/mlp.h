// A network of fully connected layers for samples of few numbers, told the noise level and perhaps a class.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/nn/embedding.h"
#include "steer/nn/extent.h"
#include "steer/nn/noise_network.h"

namespace steer {

// The shape of the network.
struct MlpOptions {
  std::string kind = "points";
  int64_t values = 2;
  int64_t width = 128;
  int64_t blocks = 4;
  int64_t frequencies = 4;
  double dropout = 0;
  int64_t num_class_embeds = 0;

  void fields(OptionFields& f) {
    f("kind", kind, "the kind of sample, any whose samples have one size");
    f("values", values, "numbers of a sample", from_to(1, 1 << 20));
    f("width", width, "features of every layer, even", from_to(2, 1 << 16));
    f("blocks", blocks, "residual blocks", from_to(1, 4096));
    f("frequencies", frequencies,
      "sines and cosines of pi times 1, 2, 4, ... times each number that enter beside it; 0 = none",
      from_to(0, 64));
    f("dropout", dropout, "dropout of activations inside the blocks, while training", from_below(0, 1));
    f("num_class_embeds", num_class_embeds, "classes that the network is told, the one for none included",
      from_to(0, 1 << 20));
  }
};

// Error that names the option where the network could not be built.
void check(const MlpOptions& options);

// How much such a network is, without building it. Error as check(options).
Extent extent(const MlpOptions& options);

// h + linear_2(dropout(silu(linear_1(z)))), z = (1 + scale) norm(h) + shift, where scale and shift come from
// what the block is told: h [B, width], told [B, width].
struct MlpBlockImpl : torch::nn::Module {
  // linear_2 starts at zero.
  MlpBlockImpl(int64_t width, double dropout);

  Tensor forward(const Tensor& h, const Tensor& told, const DropoutSeed& seed = {}) const;

  double dropout;  // chance that an activation is dropped while training
  Projection modulation{nullptr}, linear_1{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(MlpBlock);

// Lifts a sample's numbers and their sines to `width` features, sends these through the blocks, each told
// silu(time_embedding(label) + class_embedding(class)), and projects their norm to as many numbers; the
// output starts at zero. Computes in float32 alone: its products are small, and places in the plane need all
// digits.
struct MlpImpl : NoiseNetwork {
  // Error as check(options).
  explicit MlpImpl(const MlpOptions& options);

  Tensor forward(const Tensor& x, const Tensor& label, const Tensor& class_labels = {},
                 const Forwarding& how = {}) const override;
  void set_compute_type(torch::ScalarType) override {}
  void set_recompute(bool recompute) override { recompute_ = recompute; }

  MlpOptions options;
  TimeEmbedding time_embedding{nullptr};
  ClassEmbedding class_embedding{nullptr};  // empty without classes
  Projection linear_in{nullptr}, linear_out{nullptr};
  torch::nn::ModuleList blocks{nullptr};

 private:
  bool recompute_ = false;
};
TORCH_MODULE(Mlp);

}  // namespace steer

// The recurrent paradigm: one U-Net with one set of nodes, applied again and again.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/ddn/network.h"

namespace steer {

// The shape of the network.
struct RecurrentOptions {
  int64_t size = 32;           // height and width, a multiple of 16
  int64_t base = 32;           // channels at the full size, a multiple of 4
  int64_t candidates = 64;     // K
  int64_t repeats = 10;        // applications, L
  int64_t image_channels = 1;  // C
  bool residual = false;

  void fields(OptionFields& f) {
    f("size", size, "height and width of the images, a multiple of 16", from_to(16, 4096));
    f("base", base, "channels at the full size", from_to(4, 1 << 16));
    f("candidates", candidates, "candidates K", from_to(1, 1 << 20));
    f("repeats", repeats, "applications of the network, one chosen index each", from_to(1, 4096));
    f("image_channels", image_channels, "channels of the images", from_to(1, 4096));
    f("residual", residual, "add candidates to the previous image");
  }
};

// Layer norm over [C, n, n], 3x3 convolution, SiLU.
struct NormConvImpl : torch::nn::Module {
  // For maps x [N, in, size, size], which become [N, out, size, size].
  NormConvImpl(int64_t in, int64_t out, int64_t size);
  // The convolution of the norm of silu(x + offset), or of x + offset where `silu` is false; the SiLU behind
  // it is left to whoever takes the result. offset [N or 1, in], undefined: nothing.
  Tensor forward(const Tensor& x, bool silu, const Tensor& offset = {});

  torch::nn::LayerNorm ln{nullptr};
  torch::nn::Conv2d conv1{nullptr};
};
TORCH_MODULE(NormConv);

// The official MNIST network with its parameter names (prefix ddn_seqen.0.), a U-Net of four sizes; base 32,
// K = 64 has 3,149,415 trainable parameters. Its class embedding of 10 rows is fixed: a class condition takes
// its label's row, an unconditional run the row of class 0. Other conditions are refused.
class Recurrent : public Network {
 public:
  // Error for a size or base that is no such multiple, and for another condition or more than 10 classes.
  explicit Recurrent(const RecurrentOptions& options, const ConditionOptions& condition = {});

  std::vector<LayerShape> shapes() const override;
  std::vector<Layer> layers() const override { return {nodes_}; }
  int64_t layer_of(int64_t) const override { return 0; }
  int64_t image_channels() const override { return options_.image_channels; }

 private:
  Generated forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                    const Condition& condition, const Forwarding& how) const override;
  // Features of one application, computed in `type`, from the previous features, image and leak image; `row`
  // [N or 1, 100] of the class table.
  Tensor features(const Tensor& feature, const Tensor& image, const Tensor& leak, const Tensor& row,
                  torch::ScalarType type) const;
  torch::nn::Sequential triple(const std::string& name, std::vector<int64_t> channels, int64_t size);
  torch::nn::Sequential embedding(const std::string& name, int64_t out);

  RecurrentOptions options_;
  std::shared_ptr<torch::nn::Module> stage_;
  torch::nn::Embedding class_embed_{nullptr};
  torch::nn::Sequential te1_, te2_, te3_, te_mid_, te4_, te5_, te_out_;
  torch::nn::Sequential b1_, b2_, b3_, b_mid_, b4_, b5_, b_out_, b1_previous_, b1_leak_;
  torch::nn::Conv2d down1_{nullptr}, down2_{nullptr}, down3_{nullptr};
  torch::nn::ConvTranspose2d up1_{nullptr}, up2_{nullptr}, up3_{nullptr};
  Layer nodes_{nullptr};
};

}  // namespace steer

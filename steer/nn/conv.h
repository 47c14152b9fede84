// Convolutions and norms that work in the number type of their input while their weights stay float32.
#pragma once

#include <torch/nn.h>

namespace steer {

using torch::Tensor;

struct ConvOptions {
  int64_t in = 0;
  int64_t out = 0;
  int64_t kernel = 3;  // odd
  bool bias = true;
  double gain = 1.0;  // multiplies the Xavier-uniform bound sqrt(6 / (fan_in + fan_out))
  int64_t stride = 1;
  int64_t padding = -1;  // on each side; -1: kernel / 2
  torch::Device device = torch::kCPU;
};

// A convolution; with stride 1 and the usual padding it keeps height and width: x [B, in, H, W] -> [B, out,
// H, W]. On the device "meta" it has shapes alone.
struct ConvImpl : torch::nn::Module {
  explicit ConvImpl(const ConvOptions& options);
  Tensor forward(const Tensor& x) const;

  Tensor weight;  // [out, in, kernel, kernel]
  Tensor bias;    // [out], or undefined
  int64_t stride, padding;
};
TORCH_MODULE(Conv);

// Group normalisation (Wu and He 2018) followed by SiLU; statistics over float32 sums.
// Groups are min(32, channels / 4), at least one.
struct GroupNormSiluImpl : torch::nn::Module {
  explicit GroupNormSiluImpl(int64_t channels);
  Tensor forward(const Tensor& x) const;

  int64_t groups;
  Tensor weight;  // [channels]
  Tensor bias;    // [channels]
};
TORCH_MODULE(GroupNormSilu);

// Xavier-uniform values in place: U(-bound, bound), bound = gain sqrt(6 / (fan_in + fan_out)). Nothing on the
// device "meta".
void xavier_uniform(Tensor& weight, double gain);

}  // namespace steer

// Convolutions and norms that work in the number type of their input while their weights stay float32.
#pragma once

#include <torch/nn.h>

namespace steer {

using torch::Tensor;

// The shape of a convolution.
struct ConvOptions {
  int64_t in = 0;                      // channels that enter
  int64_t out = 0;                     // channels that leave
  int64_t kernel = 3;                  // odd
  bool bias = true;                    // whether a number is added to each channel
  double gain = 1.0;                   // multiplies the Xavier-uniform bound sqrt(6 / (fan_in + fan_out))
  int64_t stride = 1;                  // pixels from one place of the kernel to the next
  int64_t padding = -1;                // zeros on each side; -1: kernel / 2
  bool line = false;                   // kernel, stride and padding are along the width alone, [1, kernel]
  torch::Device device = torch::kCPU;  // of the weights
};

// A convolution; with stride 1 and the usual padding it keeps height and width: x [B, in, H, W] -> [B, out,
// H, W]. On the device "meta" it has shapes alone.
struct ConvImpl : torch::nn::Module {
  explicit ConvImpl(const ConvOptions& options);
  Tensor forward(const Tensor& x) const;

  Tensor weight;    // [out, in, kernel, kernel], of lines [out, in, 1, kernel]
  Tensor bias;      // [out], or undefined
  int64_t stride;   // as in the options
  int64_t padding;  // zeros on each side
  bool line;        // as in the options
};
TORCH_MODULE(Conv);

// Group normalisation (Wu and He 2018) followed by SiLU; statistics over float32 sums.
// Groups are min(32, channels / 4), at least one.
struct GroupNormSiluImpl : torch::nn::Module {
  // Error unless channels is a multiple of the groups.
  explicit GroupNormSiluImpl(int64_t channels);

  Tensor forward(const Tensor& x) const;

  int64_t groups;  // of channels
  Tensor weight;   // [channels]
  Tensor bias;     // [channels]
};
TORCH_MODULE(GroupNormSilu);

// Xavier-uniform values in place: U(-bound, bound), bound = gain sqrt(6 / (fan_in + fan_out)). Nothing on the
// device "meta".
void xavier_uniform(Tensor& weight, double gain);

}  // namespace steer

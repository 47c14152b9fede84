// The residual block of a U-Net, and its ways to change resolution.
#pragma once

#include "steer/nn/conv.h"
#include "steer/nn/forwarding.h"
#include "steer/nn/group_norm.h"
#include "steer/nn/projection.h"

namespace steer {

// How height and width change.
enum class Resampling {
  kNone,  // they stay
  kDown,  // they are halved
  kUp,    // they are doubled
};

// The factor by which a change of resolution changes the width of lines, samples of height 1 whose height
// stays; 0: of maps, whose height and width it halves or doubles.
using LineFactor = int64_t;

// The shape of a block.
struct ResnetBlockOptions {
  int64_t in = 0;            // channels that enter
  int64_t out = 0;           // channels that leave
  int64_t time = 0;          // features of the time embedding
  int64_t groups = 32;       // of the norms
  double epsilon = 1e-5;     // added to the variance in the norms
  double dropout = 0;        // chance that an activation is dropped where there is a seed
  double scale = 1;          // the sum is divided by it
  bool scale_shift = false;  // the time scales and shifts the second norm instead of adding to its input
  bool zero_init = false;    // conv2 starts at zero
  // By means of 2x2 (of lines: 1 x line) or repeated pixels, behind norm1 and beside it.
  Resampling resampling = Resampling::kNone;
  LineFactor line = 0;                 // of lines, whose kernels are [1, 3]
  torch::Device device = torch::kCPU;  // of the weights
};

// h = conv1(silu(norm1(x))); h = conv2(dropout(silu(norm2(h + time_emb_proj(time))))); (shortcut(x) + h) /
// scale. x [B, in, H, W], time [B, time] float32, already behind its SiLU, -> [B, out, H', W'] in the number
// type of x (Ho et al. 2020; scale_shift: Dhariwal and Nichol 2021).
struct ResnetBlockImpl : torch::nn::Module {
  explicit ResnetBlockImpl(const ResnetBlockOptions& options);
  // The formula above; `seed` decides what is dropped.
  Tensor forward(const Tensor& x, const Tensor& time, const DropoutSeed& seed = {}) const;

  ResnetBlockOptions options;
  GroupNorm norm1{nullptr}, norm2{nullptr};
  Conv conv1{nullptr}, conv2{nullptr};
  Conv conv_shortcut{nullptr};  // 1x1; empty where in and out are the same
  Projection time_emb_proj{nullptr};
};
TORCH_MODULE(ResnetBlock);

// A 3x3 convolution that halves height and width; with padding 0 one row and one column of zeros are added
// below and right. Of lines a convolution [1, 2 line - 1] that divides the width by `line`, with line - 1
// zeros on each side; with padding 0 they are on the right alone.
struct DownsampleImpl : torch::nn::Module {
  // `padding` is 0 or 1.
  DownsampleImpl(int64_t channels, int64_t padding, torch::Device device = torch::kCPU, LineFactor line = 0);

  Tensor forward(const Tensor& x) const;

  Conv conv{nullptr};
  LineFactor line;  // as given
};
TORCH_MODULE(Downsample);

// Repeats pixels twice in height and width before a 3x3 convolution; of lines `line` times in width before
// one [1, 3].
struct UpsampleImpl : torch::nn::Module {
  // As many channels leave as enter.
  explicit UpsampleImpl(int64_t channels, torch::Device device = torch::kCPU, LineFactor line = 0);

  Tensor forward(const Tensor& x) const;

  Conv conv{nullptr};
  LineFactor line;  // as given
};
TORCH_MODULE(Upsample);

}  // namespace steer

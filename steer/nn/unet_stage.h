// One resolution of a U-Net: residual blocks, attention behind each where wanted, a change of resolution.
#pragma once

#include "steer/nn/attention.h"
#include "steer/nn/resnet_block.h"

namespace steer {

// The blocks of a stage.
struct UNetStageOptions {
  ResnetBlockOptions block;                   // of each residual block, its `in` excepted
  std::vector<int64_t> in;                    // channels that enter each residual block
  bool attends = false;                       // attention behind each residual block
  AttentionOptions attention;                 // where it attends
  Resampling resampling = Resampling::kNone;  // at the end
  bool resampled_by_block = false;            // by a residual block instead of a convolution
  int64_t downsample_padding = 1;             // of a convolution that halves, see DownsampleImpl
};

// Names: resnets.i, attentions.i, and downsamplers.0 or upsamplers.0.
struct UNetStageImpl : torch::nn::Module {
  explicit UNetStageImpl(const UNetStageOptions& options);

  // Residual block `i` and the attention behind it; x [B, in[i], H, W], time [B, time] behind its SiLU.
  // `seed` is that of the stage.
  Tensor layer(size_t i, const Tensor& x, const Tensor& time, const DropoutSeed& seed = {}) const;
  // How many such there are.
  size_t layers() const { return options.in.size(); }

  // Whether it changes the resolution.
  bool resamples() const { return options.resampling != Resampling::kNone; }
  // That change, where it does; `time` and `seed` as above.
  Tensor resample(const Tensor& x, const Tensor& time, const DropoutSeed& seed = {}) const;

  UNetStageOptions options;
  torch::nn::ModuleList resnets{nullptr};
  torch::nn::ModuleList attentions{nullptr};  // empty where it does not attend
  torch::nn::ModuleList resampler{nullptr};   // of one module, under either name; empty where there is none
};
TORCH_MODULE(UNetStage);

// The middle: a residual block, attention where `attends`, a residual block; all of one width.
struct UNetMiddleImpl : torch::nn::Module {
  explicit UNetMiddleImpl(const UNetStageOptions& options);
  // x, time and seed as those of a stage.
  Tensor forward(const Tensor& x, const Tensor& time, const DropoutSeed& seed = {}) const;

  torch::nn::ModuleList resnets{nullptr};
  torch::nn::ModuleList attentions{nullptr};  // empty where it does not attend
};
TORCH_MODULE(UNetMiddle);

}  // namespace steer

// One resolution of a U-Net: residual blocks, attention behind each where wanted, a change of resolution.
#pragma once

#include "steer/nn/attention.h"
#include "steer/nn/resnet_block.h"

namespace steer {

struct UNetStageOptions {
  ResnetBlockOptions block;                   // of each residual block, its `in` excepted
  std::vector<int64_t> in;                    // channels that enter each residual block
  bool attends = false;                       // attention behind each residual block
  AttentionOptions attention;                 // where it attends
  Resampling resampling = Resampling::kNone;  // at the end
  bool resampled_by_block = false;            // by a residual block instead of a convolution
  int64_t downsample_padding = 1;
};

// Names: resnets.i, attentions.i, and downsamplers.0 or upsamplers.0.
struct UNetStageImpl : torch::nn::Module {
  explicit UNetStageImpl(const UNetStageOptions& options);

  // Residual block `i` and the attention behind it; x [B, in[i], H, W], time [B, time] behind its SiLU.
  Tensor layer(size_t i, const Tensor& x, const Tensor& time) const;
  size_t layers() const { return options.in.size(); }

  // The change of resolution, where there is one.
  bool resamples() const { return options.resampling != Resampling::kNone; }
  Tensor resample(const Tensor& x, const Tensor& time) const;

  UNetStageOptions options;
  torch::nn::ModuleList resnets{nullptr}, attentions{nullptr}, resampler{nullptr};
};
TORCH_MODULE(UNetStage);

// The middle: a residual block, attention where `attends`, a residual block; all of one width.
struct UNetMiddleImpl : torch::nn::Module {
  explicit UNetMiddleImpl(const UNetStageOptions& options);
  Tensor forward(const Tensor& x, const Tensor& time) const;

  torch::nn::ModuleList resnets{nullptr}, attentions{nullptr};
};
TORCH_MODULE(UNetMiddle);

}  // namespace steer

// The U-Net of diffusion models (Ho et al. 2020), in the shape and with the parameter names of the diffusers
// library's UNet2DModel.
#pragma once

#include <map>

#include "steer/nn/embedding.h"
#include "steer/nn/extent.h"
#include "steer/nn/noise_network.h"
#include "steer/nn/unet_options.h"
#include "steer/nn/unet_stage.h"

namespace steer {

// The network F of a denoiser, in the words of UNet2DModel.
struct UNetImpl : NoiseNetwork {
  // Error where check(options) finds one. On the device "meta" it has names and shapes alone.
  explicit UNetImpl(const UNetOptions& options, torch::Device device = torch::kCPU);

  // x [B, in_channels, H, W] and a noise label for each, real numbers [B] (above 0 for fourier), -> [B,
  // out_channels, H, W] float32; differentiable in x, in the label and in the parameters. H and W are
  // multiples of least_side(options); lines have H 1. With num_class_embeds also classes, int64 [B]; to be
  // guided without a classifier, a network has one more of them than there are classes, and the last index
  // says "no class". Error where shapes do not fit, classes are missing, not wanted or out of range.
  Tensor forward(const Tensor& x, const Tensor& label, const Tensor& class_labels = {},
                 const Forwarding& how = {}) const override;

  // The number type of convolutions and attention unless a forward is told another: float32 or bfloat16. Sums
  // of norms, embeddings and the output are float32.
  void set_compute_type(torch::ScalarType type) override { compute_type_ = type; }
  torch::ScalarType compute_type() const { return compute_type_; }

  // Whether the layers compute their activations again in the backward pass (recompute.h).
  void set_recompute(bool recompute) override { recompute_ = recompute; }

  UNetOptions options;
  Conv conv_in{nullptr}, conv_out{nullptr};
  TimeEmbedding time_embedding{nullptr};
  ClassEmbedding class_embedding{nullptr};  // empty without classes
  torch::nn::ModuleList down_blocks{nullptr}, up_blocks{nullptr};
  UNetMiddle mid_block{nullptr};
  GroupNorm conv_norm_out{nullptr};
  // Of fourier: [block_out_channels[0]], the buffer time_proj.weight, which does not train.
  Tensor frequencies;

 private:
  // What the blocks are told: silu(time_embedding(label) + class_embedding(class)), [B, 4 width].
  Tensor told(const Tensor& label, const Tensor& class_labels) const;

  Tensor layer(const UNetStageImpl& stage, size_t i, const Tensor& x, const Tensor& time,
               const DropoutSeed& seed) const;

  torch::ScalarType compute_type_ = torch::kFloat32;
  bool recompute_ = false;
};
TORCH_MODULE(UNet);

// A tensor of a network with `given_options` as one with `options`, whose patches are a whole factor larger
// and whose shape is the same otherwise, begins with it: what enters is the mean over what is one pixel to
// the other, what leaves is the same for all of it. Other tensors come back as they are.
Tensor for_patches(const std::string& name, const Tensor& given, const UNetOptions& given_options,
                   const UNetOptions& options);

// Every tensor that a network with these options has, by name, without building it.
std::map<std::string, std::vector<int64_t>> parameter_shapes(const UNetOptions& options);

// How much they are together.
Extent extent(const UNetOptions& options);

}  // namespace steer

// The shape of a U-Net, in the words of the diffusers library's configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/option_fields.h"

namespace steer {

// Every number and word of a network.
struct UNetOptions {
  int64_t sample_size = 32;
  int64_t in_channels = 1;
  int64_t out_channels = 1;
  int64_t patch_size = 1;
  int64_t line = 0;
  std::string time_embedding_type = "positional";  // positional | fourier
  int64_t freq_shift = 0;
  bool flip_sin_to_cos = true;
  std::vector<std::string> down_block_types = {"DownBlock2D", "DownBlock2D", "AttnDownBlock2D"};
  std::vector<std::string> up_block_types = {"AttnUpBlock2D", "UpBlock2D", "UpBlock2D"};
  std::vector<int64_t> block_out_channels = {32, 64, 64};
  int64_t layers_per_block = 2;
  double mid_block_scale_factor = 1;
  int64_t downsample_padding = 1;
  std::string downsample_type = "conv";  // conv | resnet
  std::string upsample_type = "conv";    // conv | resnet
  double dropout = 0;
  std::string act_fn = "silu";
  int64_t attention_head_dim = 0;
  int64_t norm_num_groups = 8;
  int64_t attn_norm_num_groups = 0;
  double norm_eps = 1e-5;
  std::string resnet_time_scale_shift = "default";  // default | scale_shift
  bool add_attention = true;
  int64_t num_class_embeds = 0;
  bool zero_init = true;

  void fields(OptionFields& f) {
    f("sample_size", sample_size, "height and width of the images, width of lines; 0 = any",
      from_to(0, 1 << 20));
    f("in_channels", in_channels, "channels that enter", from_to(1, 1 << 16));
    f("out_channels", out_channels, "channels that leave", from_to(1, 1 << 16));
    f("patch_size", patch_size,
      "side of the squares of pixels, or numbers of a line, that the network sees as one, its channels one "
      "after another",
      from_to(1, 64));
    f("line", line,
      "samples are lines, of height 1 (waveforms): kernels are [1, 3] and each resolution has the width of "
      "the "
      "one before divided by this, 2 to 8; 0 = samples are images",
      from_to(0, 8));
    f("time_embedding_type", time_embedding_type,
      "positional, or fourier: of the label's logarithm, the output divided by the label");
    f("freq_shift", freq_shift, "of positional: taken from the number of frequencies in their exponent",
      from_to(0, 1));
    f("flip_sin_to_cos", flip_sin_to_cos, "of positional: cosines before sines");
    f("down_block_types", down_block_types, "DownBlock2D or AttnDownBlock2D (attention) for each resolution");
    f("up_block_types", up_block_types, "UpBlock2D or AttnUpBlock2D for each resolution, the smallest first");
    f("block_out_channels", block_out_channels, "channels at each resolution, each half of the one before",
      from_to(1, 1 << 16));
    f("layers_per_block", layers_per_block, "residual blocks at each resolution on the way down",
      from_to(1, 4096));
    f("mid_block_scale_factor", mid_block_scale_factor, "divides the sums of the middle block", more_than(0));
    f("downsample_padding", downsample_padding, "0 (zeros below and right) or 1 (around)", from_to(0, 1));
    f("downsample_type", downsample_type, "conv, or resnet in blocks with attention");
    f("upsample_type", upsample_type, "conv, or resnet in blocks with attention");
    f("dropout", dropout, "dropout of activations inside the residual blocks, while training",
      from_below(0, 1));
    f("act_fn", act_fn, "silu");
    f("attention_head_dim", attention_head_dim, "channels of one attention head; 0 = one head",
      from_to(0, 1 << 16));
    f("norm_num_groups", norm_num_groups, "groups of the norms; divides every number of channels",
      from_to(1, 1 << 16));
    f("attn_norm_num_groups", attn_norm_num_groups,
      "groups of the norm before the middle attention; 0 = norm_num_groups, or no norm with scale_shift",
      from_to(0, 1 << 16));
    f("norm_eps", norm_eps, "added to the variance in the norms", at_least(0));
    f("resnet_time_scale_shift", resnet_time_scale_shift,
      "default (the time is added) or scale_shift (it scales and shifts)");
    f("add_attention", add_attention, "attention in the middle block");
    f("num_class_embeds", num_class_embeds, "classes that the network is told, the one for none included",
      from_to(0, 1 << 20));
    f("zero_init", zero_init, "the last layer of each block and the output start at zero");
  }
};

// What the sides of images, or the width of lines, are multiples of: patches that can be halved, or divided
// by `line`, by every block but one.
int64_t least_side(const UNetOptions& options);

// How many numbers of a channel a patch has: patch_size^2, of lines patch_size.
int64_t patch_numbers(const UNetOptions& options);

// Error that names the option, and a block type by its name, where the network could not be built.
void check(const UNetOptions& options);

}  // namespace steer

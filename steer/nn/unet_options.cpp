#include "steer/nn/unet_options.h"

#include "steer/core/check.h"
#include "steer/core/json.h"

namespace steer {
namespace {

constexpr int64_t kMostBlocks = 16, kMostLayers = 64, kMostChannels = 1 << 16, kMostClasses = 1 << 20,
                  kMostPatch = 64, kMostLine = 8, kMostSide = 4096, kMostWidth = 1 << 20;

void check_word(const std::string& name, const std::string& word, const std::string& first,
                const std::string& second) {
  STEER_CHECK(word == first || word == second, "[unet] ", name, ": expected ", first, " or ", second,
              " but got ", in_quotes(word));
}

void check_number(const std::string& name, int64_t number, int64_t least, int64_t most) {
  STEER_CHECK(number >= least && number <= most, "[unet] ", name, ": expected ", least, "..", most,
              " but got ", number);
}

void check_blocks(const UNetOptions& o) {
  const size_t blocks = o.block_out_channels.size();
  check_number("block_out_channels", static_cast<int64_t>(blocks), 1, kMostBlocks);
  STEER_CHECK(o.down_block_types.size() == blocks && o.up_block_types.size() == blocks,
              "[unet] down_block_types, up_block_types: expected one for each of block_out_channels (",
              blocks, ") but got ", o.down_block_types.size(), " and ", o.up_block_types.size());
  for (const std::string& type : o.down_block_types)
    check_word("down_block_types", type, "DownBlock2D", "AttnDownBlock2D");
  for (const std::string& type : o.up_block_types)
    check_word("up_block_types", type, "UpBlock2D", "AttnUpBlock2D");
}

void check_channels(const UNetOptions& o) {
  check_number("norm_num_groups", o.norm_num_groups, 1, kMostChannels);
  check_number("attention_head_dim", o.attention_head_dim, 0, kMostChannels);
  check_number("attn_norm_num_groups", o.attn_norm_num_groups, 0, kMostChannels);
  const size_t blocks = o.block_out_channels.size();
  for (size_t i = 0; i < blocks; ++i) {
    const int64_t channels = o.block_out_channels[i];
    check_number("block_out_channels", channels, 1, kMostChannels);
    STEER_CHECK(channels % o.norm_num_groups == 0, "[unet] block_out_channels: expected multiples of ",
                o.norm_num_groups, ", norm_num_groups, but got ", channels);
    const bool attends = o.down_block_types[i] == "AttnDownBlock2D" ||
                         o.up_block_types[blocks - 1 - i] == "AttnUpBlock2D" ||
                         (i + 1 == blocks && o.add_attention);
    STEER_CHECK(!attends || o.attention_head_dim == 0 || channels % o.attention_head_dim == 0,
                "[unet] block_out_channels: expected multiples of ", o.attention_head_dim,
                ", attention_head_dim, where there is attention but got ", channels);
  }
  STEER_CHECK(o.attn_norm_num_groups == 0 || o.block_out_channels.back() % o.attn_norm_num_groups == 0,
              "[unet] attn_norm_num_groups: expected a divisor of ", o.block_out_channels.back(), " but got ",
              o.attn_norm_num_groups);
}

}  // namespace

int64_t least_side(const UNetOptions& o) {
  int64_t least = o.patch_size;
  for (size_t i = 1; i < o.block_out_channels.size(); ++i) least *= o.line > 0 ? o.line : 2;
  return least;
}

int64_t patch_numbers(const UNetOptions& o) {
  return o.line > 0 ? o.patch_size : o.patch_size * o.patch_size;
}

void check(const UNetOptions& o) {
  check_blocks(o);
  check_channels(o);
  check_word("time_embedding_type", o.time_embedding_type, "positional", "fourier");
  check_word("downsample_type", o.downsample_type, "conv", "resnet");
  check_word("upsample_type", o.upsample_type, "conv", "resnet");
  check_word("act_fn", o.act_fn, "silu", "swish");
  check_word("resnet_time_scale_shift", o.resnet_time_scale_shift, "default", "scale_shift");
  check_number("in_channels", o.in_channels, 1, kMostChannels);
  check_number("out_channels", o.out_channels, 1, kMostChannels);
  check_number("patch_size", o.patch_size, 1, kMostPatch);
  check_number("line", o.line, 0, kMostLine);
  STEER_CHECK(o.line != 1, "[unet] line: expected 0 or 2..", kMostLine, " but got 1");
  check_number("layers_per_block", o.layers_per_block, 1, kMostLayers);
  check_number("downsample_padding", o.downsample_padding, 0, 1);
  check_number("num_class_embeds", o.num_class_embeds, 0, kMostClasses);
  const int64_t features = o.block_out_channels.front();
  STEER_CHECK(o.time_embedding_type == "fourier" ||
                  (features % 2 == 0 && o.freq_shift >= 0 && o.freq_shift < features / 2),
              "[unet] freq_shift: expected 0 or more, below half of an even block_out_channels[0], but got ",
              o.freq_shift, " and ", features);
  const int64_t least = least_side(o);
  check_number("sample_size", o.sample_size, 0, o.line > 0 ? kMostWidth : kMostSide);
  STEER_CHECK(o.sample_size % least == 0, "[unet] sample_size: expected a multiple of ", least,
              o.line > 0         ? ", as the blocks divide it"
              : o.patch_size > 1 ? ", as the blocks halve its patches"
                                 : ", as the blocks halve it",
              ", but got ", o.sample_size);
  STEER_CHECK(o.dropout >= 0 && o.dropout < 1, "[unet] dropout: expected a number in [0, 1) but got ",
              o.dropout);
  STEER_CHECK(o.norm_eps > 0 && o.mid_block_scale_factor > 0,
              "[unet] norm_eps, mid_block_scale_factor: expected positive numbers but got ", o.norm_eps,
              " and ", o.mid_block_scale_factor);
}

}  // namespace steer

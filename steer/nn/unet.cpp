#include "steer/nn/unet.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/nn/module_tensors.h"
#include "steer/nn/recompute.h"

namespace steer {
namespace {

constexpr double kFourierScale = 16;  // standard deviation of the random frequencies

// What all stages of the network have in common.
UNetStageOptions stage_options(const UNetOptions& o, int64_t channels, torch::Device device) {
  UNetStageOptions stage;
  stage.block.out = channels;
  stage.block.time = 4 * o.block_out_channels.front();
  stage.block.groups = o.norm_num_groups;
  stage.block.epsilon = o.norm_eps;
  stage.block.dropout = o.dropout;
  stage.block.scale_shift = o.resnet_time_scale_shift == "scale_shift";
  stage.block.zero_init = o.zero_init;
  stage.block.device = device;
  stage.block.line = o.line;
  stage.attention.channels = channels;
  stage.attention.head_dim = o.attention_head_dim;
  stage.attention.groups = o.norm_num_groups;
  stage.attention.epsilon = o.norm_eps;
  stage.attention.zero_init = o.zero_init;
  stage.attention.device = device;
  stage.downsample_padding = o.downsample_padding;
  return stage;
}

UNetStageOptions middle_options(const UNetOptions& o, torch::Device device) {
  UNetStageOptions middle = stage_options(o, o.block_out_channels.back(), device);
  middle.block.scale = middle.attention.scale = o.mid_block_scale_factor;
  middle.attends = o.add_attention;
  if (o.attn_norm_num_groups > 0)
    middle.attention.groups = o.attn_norm_num_groups;
  else if (middle.block.scale_shift)
    middle.attention.groups = 0;
  return middle;
}

Conv outer_convolution(int64_t in, int64_t out, double gain, const UNetOptions& o, torch::Device device) {
  ConvOptions options;
  options.in = in, options.out = out;
  options.gain = gain, options.device = device, options.line = o.line > 0;
  return Conv(options);
}

// The numbers of each patch as channels: [B, C, H, W] -> [B, C numbers, H', W'], and back.
Tensor as_patches(const Tensor& x, const UNetOptions& o) {
  if (o.patch_size == 1) return x;
  if (o.line == 0) return at::pixel_unshuffle(x, o.patch_size);
  return x.unflatten(3, {-1, o.patch_size}).permute({0, 1, 4, 2, 3}).flatten(1, 2);
}

Tensor from_patches(const Tensor& h, const UNetOptions& o) {
  if (o.patch_size == 1) return h;
  if (o.line == 0) return at::pixel_shuffle(h, o.patch_size);
  return h.unflatten(1, {-1, o.patch_size}).permute({0, 1, 3, 4, 2}).flatten(3, 4);
}

}  // namespace

UNetImpl::UNetImpl(const UNetOptions& given, torch::Device device) : options(given) {
  check(options);
  const std::vector<int64_t>& widths = options.block_out_channels;
  const size_t last = widths.size() - 1;
  const int64_t width = widths.front();
  const int64_t pixels = patch_numbers(options);
  conv_in =
      register_module("conv_in", outer_convolution(options.in_channels * pixels, width, 1, options, device));
  const bool fourier = options.time_embedding_type == "fourier";
  if (fourier) {
    auto time_proj = register_module("time_proj", std::make_shared<torch::nn::Module>("time_proj"));
    frequencies = at::empty({width}, at::TensorOptions(device).dtype(torch::kFloat32));
    if (!frequencies.is_meta()) frequencies.normal_(0, kFourierScale);
    time_proj->register_buffer("weight", frequencies);
  }
  time_embedding =
      register_module("time_embedding", TimeEmbedding(fourier ? 2 * width : width, 4 * width, device));
  if (options.num_class_embeds > 0)
    class_embedding =
        register_module("class_embedding", ClassEmbedding(options.num_class_embeds, 4 * width, device));

  // What comes down is kept for the way up: channels of each map, the first and every one behind a layer or
  // a change of resolution.
  std::vector<int64_t> kept = {width};
  down_blocks = register_module("down_blocks", torch::nn::ModuleList());
  for (size_t i = 0; i <= last; ++i) {
    UNetStageOptions stage = stage_options(options, widths[i], device);
    stage.in.assign(static_cast<size_t>(options.layers_per_block), widths[i]);
    stage.in.front() = kept.back();
    stage.attends = options.down_block_types[i] == "AttnDownBlock2D";
    stage.resampled_by_block = stage.attends && options.downsample_type == "resnet";
    if (i < last) stage.resampling = Resampling::kDown;
    kept.insert(kept.end(), stage.in.size() + (i < last ? 1 : 0), widths[i]);
    down_blocks->push_back(UNetStage(stage));
  }
  mid_block = register_module("mid_block", UNetMiddle(middle_options(options, device)));
  up_blocks = register_module("up_blocks", torch::nn::ModuleList());
  int64_t below = widths[last];
  for (size_t i = 0; i <= last; ++i) {
    UNetStageOptions stage = stage_options(options, widths[last - i], device);
    for (int64_t j = 0; j <= options.layers_per_block; ++j, kept.pop_back()) {
      stage.in.push_back(below + kept.back());
      below = widths[last - i];
    }
    stage.attends = options.up_block_types[i] == "AttnUpBlock2D";
    stage.resampled_by_block = stage.attends && options.upsample_type == "resnet";
    if (i < last) stage.resampling = Resampling::kUp;
    up_blocks->push_back(UNetStage(stage));
  }
  conv_norm_out =
      register_module("conv_norm_out", GroupNorm(width, options.norm_num_groups, options.norm_eps, device));
  conv_out = register_module("conv_out", outer_convolution(width, options.out_channels * pixels,
                                                           options.zero_init ? 0 : 1, options, device));
}

Tensor UNetImpl::told(const Tensor& label, const Tensor& class_labels) const {
  const bool fourier = options.time_embedding_type == "fourier";
  const Tensor features = fourier ? fourier_features(label, frequencies)
                                  : positional_features(label, {options.block_out_channels.front(),
                                                                options.flip_sin_to_cos, options.freq_shift});
  Tensor embedding = time_embedding->forward(features);
  if (!class_embedding.is_empty()) embedding = embedding + class_embedding->forward(class_labels);
  return at::silu(embedding);
}

Tensor UNetImpl::layer(const UNetStageImpl& stage, size_t i, const Tensor& x, const Tensor& time,
                       const DropoutSeed& seed) const {
  if (!recompute_) return stage.layer(i, x, time, seed);
  return recomputed(
      [&stage, i, seed](const std::vector<Tensor>& in) { return stage.layer(i, in[0], in[1], seed); },
      {x, time});
}

Tensor UNetImpl::forward(const Tensor& x, const Tensor& label, const Tensor& class_labels,
                         const Forwarding& how) const {
  const int64_t least = least_side(options);
  STEER_CHECK(x.dim() == 4 && x.size(1) == options.in_channels && x.size(3) % least == 0 &&
                  (options.line > 0 ? x.size(2) == 1 : x.size(2) % least == 0),
              "[unet] expected ", options.line > 0 ? "lines" : "images", " [B, ", options.in_channels,
              options.line > 0 ? ", 1, W] with a width that is a multiple of "
                               : ", H, W] with sides that are multiples of ",
              least, " but got ", shape_text(x.sizes()));
  STEER_CHECK(label.dim() == 1 && label.size(0) == x.size(0), "[unet] expected noise labels [", x.size(0),
              "] but got ", shape_text(label.sizes()));
  STEER_CHECK(class_labels.defined() == !class_embedding.is_empty(), "[unet] expected ",
              class_embedding.is_empty() ? "no classes but got some" : "a class for each image but got none");
  STEER_CHECK(!class_labels.defined() || class_labels.numel() == x.size(0), "[unet] expected classes [",
              x.size(0), "] but got ", shape_text(class_labels.sizes()));
  const Tensor time = told(label, class_labels);
  const torch::ScalarType type = how.compute_type.value_or(compute_type_);
  uint64_t stages = 0;
  const auto next_seed = [&] { return seed_of_part(how.dropout_seed, stages++); };
  const Tensor patches = as_patches(x, options);
  Tensor h = conv_in->forward(patches.to(type).contiguous(at::MemoryFormat::ChannelsLast));
  std::vector<Tensor> kept = {h};
  for (const auto& child : *down_blocks) {
    const auto* stage = child->as<UNetStage>();
    const DropoutSeed seed = next_seed();
    for (size_t i = 0; i < stage->layers(); ++i) kept.push_back(h = layer(*stage, i, h, time, seed));
    if (stage->resamples()) kept.push_back(h = stage->resample(h, time, seed));
  }
  h = mid_block->forward(h, time, next_seed());
  for (const auto& child : *up_blocks) {
    const auto* stage = child->as<UNetStage>();
    const DropoutSeed seed = next_seed();
    for (size_t i = 0; i < stage->layers(); ++i, kept.pop_back())
      h = layer(*stage, i, at::cat({h, kept.back()}, 1), time, seed);
    if (stage->resamples()) h = stage->resample(h, time, seed);
  }
  h = conv_out->forward(conv_norm_out->silu(h)).to(torch::kFloat32);
  h = from_patches(h, options);
  if (options.time_embedding_type != "fourier") return h;
  return h / label.to(torch::kFloat32).view({-1, 1, 1, 1});
}

Tensor for_patches(const std::string& name, const Tensor& given, const UNetOptions& given_options,
                   const UNetOptions& options) {
  const bool in = name == "conv_in.weight", out = name == "conv_out.weight" || name == "conv_out.bias";
  const int64_t least = given_options.patch_size, times = options.patch_size / least;
  if (!(in || out) || times < 2 || times * least != options.patch_size || given_options.line != options.line)
    return given;
  // Channels of patches as c, row and column; each entry of those stands for times x times of the larger, of
  // lines, which have no rows, for times.
  const int64_t at = in ? 1 : 0, rows = options.line > 0 ? 1 : least, high = options.line > 0 ? 1 : times;
  const auto split = given.unflatten(at, {-1, rows, least});
  const Tensor whole = split.repeat_interleave(high, at + 1).repeat_interleave(times, at + 2);
  const Tensor spread = whole.flatten(at, at + 2);
  return in ? spread / static_cast<double>(high * times) : spread;
}

std::map<std::string, std::vector<int64_t>> parameter_shapes(const UNetOptions& options) {
  std::map<std::string, std::vector<int64_t>> shapes;
  UNet network(options, torch::Device(torch::kMeta));
  for (const auto& [name, tensor] : module_tensors(*network)) shapes[name] = tensor.sizes().vec();
  return shapes;
}

Extent extent(const UNetOptions& options) {
  Extent sum;
  for (const auto& [name, shape] : parameter_shapes(options)) sum.add(shape);
  return sum;
}

}  // namespace steer

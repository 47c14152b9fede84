#include "steer/nn/unet_stage.h"

namespace steer {

UNetStageImpl::UNetStageImpl(const UNetStageOptions& given) : options(given) {
  if (options.attends) attentions = register_module("attentions", torch::nn::ModuleList());
  resnets = register_module("resnets", torch::nn::ModuleList());
  for (const int64_t in : options.in) {
    ResnetBlockOptions block = options.block;
    block.in = in;
    resnets->push_back(ResnetBlock(block));
    if (options.attends) attentions->push_back(Attention(options.attention));
  }
  if (!resamples()) return;
  const bool down = options.resampling == Resampling::kDown;
  resampler = register_module(down ? "downsamplers" : "upsamplers", torch::nn::ModuleList());
  ResnetBlockOptions block = options.block;
  block.in = block.out;
  block.resampling = options.resampling;
  if (options.resampled_by_block)
    resampler->push_back(ResnetBlock(block));
  else if (down)
    resampler->push_back(Downsample(block.out, options.downsample_padding, block.device, block.line));
  else
    resampler->push_back(Upsample(block.out, block.device, block.line));
}

Tensor UNetStageImpl::layer(size_t i, const Tensor& x, const Tensor& time, const DropoutSeed& seed) const {
  const Tensor h = resnets->ptr<ResnetBlockImpl>(i)->forward(x, time, seed_of_part(seed, i));
  return options.attends ? attentions->ptr<AttentionImpl>(i)->forward(h) : h;
}

Tensor UNetStageImpl::resample(const Tensor& x, const Tensor& time, const DropoutSeed& seed) const {
  if (options.resampled_by_block)
    return resampler->ptr<ResnetBlockImpl>(0)->forward(x, time, seed_of_part(seed, layers()));
  if (options.resampling == Resampling::kDown) return resampler->ptr<DownsampleImpl>(0)->forward(x);
  return resampler->ptr<UpsampleImpl>(0)->forward(x);
}

UNetMiddleImpl::UNetMiddleImpl(const UNetStageOptions& options) {
  if (options.attends) attentions = register_module("attentions", torch::nn::ModuleList());
  resnets = register_module("resnets", torch::nn::ModuleList());
  ResnetBlockOptions block = options.block;
  block.in = block.out;
  for (int i = 0; i < 2; ++i) resnets->push_back(ResnetBlock(block));
  if (options.attends) attentions->push_back(Attention(options.attention));
}

Tensor UNetMiddleImpl::forward(const Tensor& x, const Tensor& time, const DropoutSeed& seed) const {
  Tensor h = resnets->ptr<ResnetBlockImpl>(0)->forward(x, time, seed_of_part(seed, 0));
  if (!attentions.is_empty()) h = attentions->ptr<AttentionImpl>(0)->forward(h);
  return resnets->ptr<ResnetBlockImpl>(1)->forward(h, time, seed_of_part(seed, 1));
}

}  // namespace steer

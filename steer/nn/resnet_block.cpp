#include "steer/nn/resnet_block.h"

#include "steer/core/check.h"
#include "steer/core/interruption.h"

namespace steer {
namespace {

Tensor enlarged(const Tensor& x, LineFactor line) {
  return line > 0 ? at::upsample_nearest2d(x, {x.size(2), line * x.size(3)})
                  : at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

Tensor resampled(const Tensor& x, Resampling resampling, LineFactor line) {
  if (resampling == Resampling::kNone) return x;
  if (resampling == Resampling::kUp) return enlarged(x, line);
  return line > 0 ? at::avg_pool2d(x, {1, line}) : at::avg_pool2d(x, {2, 2});
}

ConvOptions convolution(int64_t in, int64_t out, int64_t kernel, double gain, torch::Device device,
                        LineFactor line) {
  ConvOptions options;
  options.in = in, options.out = out, options.kernel = kernel;
  options.gain = gain, options.device = device, options.line = line > 0;
  return options;
}

}  // namespace

ResnetBlockImpl::ResnetBlockImpl(const ResnetBlockOptions& o) : options(o) {
  norm1 = register_module("norm1", GroupNorm(o.in, o.groups, o.epsilon, o.device));
  conv1 = register_module("conv1", Conv(convolution(o.in, o.out, 3, 1, o.device, o.line)));
  time_emb_proj = register_module(
      "time_emb_proj", Projection(ProjectionOptions{o.time, o.scale_shift ? 2 * o.out : o.out, 1, o.device}));
  norm2 = register_module("norm2", GroupNorm(o.out, o.groups, o.epsilon, o.device));
  conv2 = register_module("conv2", Conv(convolution(o.out, o.out, 3, o.zero_init ? 0 : 1, o.device, o.line)));
  if (o.in != o.out)
    conv_shortcut = register_module("conv_shortcut", Conv(convolution(o.in, o.out, 1, 1, o.device, o.line)));
}

Tensor ResnetBlockImpl::forward(const Tensor& x, const Tensor& time, const DropoutSeed& seed) const {
  end_if_interrupted();
  const Tensor told = time_emb_proj->forward(time);
  Tensor h = conv1->forward(resampled(norm1->silu(x), options.resampling, options.line));
  if (options.scale_shift)
    h = norm2->silu(h, Modulation{told.narrow(1, 0, options.out), told.narrow(1, options.out, options.out)});
  else
    h = norm2->silu(h, told);
  h = with_dropout(h, options.dropout, seed);
  const Tensor beside = resampled(x, options.resampling, options.line);
  h = conv2->forward(h);
  // In place, since nothing else needs what the convolution gave.
  h.add_(conv_shortcut.is_empty() ? beside : conv_shortcut->forward(beside));
  return options.scale == 1 ? h : h / options.scale;
}

DownsampleImpl::DownsampleImpl(int64_t channels, int64_t padding, torch::Device device, LineFactor factor)
    : line(factor) {
  ConvOptions options = convolution(channels, channels, line > 0 ? 2 * line - 1 : 3, 1, device, line);
  options.stride = line > 0 ? line : 2;
  options.padding = padding * (options.kernel / 2);
  conv = register_module("conv", Conv(options));
}

Tensor DownsampleImpl::forward(const Tensor& x) const {
  if (conv->padding > 0) return conv->forward(x);
  return conv->forward(line > 0 ? at::constant_pad_nd(x, {0, line - 1})
                                : at::constant_pad_nd(x, {0, 1, 0, 1}));
}

UpsampleImpl::UpsampleImpl(int64_t channels, torch::Device device, LineFactor factor) : line(factor) {
  conv = register_module("conv", Conv(convolution(channels, channels, 3, 1, device, line)));
}

Tensor UpsampleImpl::forward(const Tensor& x) const {
  return conv->forward(enlarged(x, line));
}

}  // namespace steer

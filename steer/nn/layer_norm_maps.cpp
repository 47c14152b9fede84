#include "steer/nn/layer_norm_maps.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <algorithm>

#include "steer/core/host.h"
#include "steer/core/kernel_calls.h"
#include "steer/nn/layer_norm_maps_kernel.h"

namespace steer {
namespace {

// Parameters [C, H, W] as the kernels see pixels: [H, W, C].
Tensor by_pixel(const Tensor& parameter) {
  return parameter.permute({1, 2, 0}).contiguous();
}

struct LayerNormMapsFunction : torch::autograd::Function<LayerNormMapsFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& given,
                        const Tensor& given_weight, const Tensor& given_bias, double epsilon, bool silu,
                        const Tensor& given_offset) {
    const Tensor x = given.contiguous(at::MemoryFormat::ChannelsLast), weight = by_pixel(given_weight),
                 bias = by_pixel(given_bias), offset = given_offset.contiguous();
    const Tensor y = at::empty_like(x), mean = at::empty({x.size(0)}, weight.options()),
                 rstd = at::empty_like(mean);
    const kernels::MapSizes n = {x.size(2) * x.size(3), x.size(1)};
    with_number_type(x, [&](auto type) {
      using T = decltype(type);
      const Rows<T> xs(x), ys(y);
      const Rows<float> offsets(offset);
      const float *w = weight.data_ptr<float>(), *shift = bias.data_ptr<float>();
      float *means = mean.data_ptr<float>(), *rstds = rstd.data_ptr<float>();
      at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        const auto room = room_for(n.values());
        for (int64_t b = begin; b < end; ++b) {
          const kernels::MapMoments moments =
              kernels::layer_norm_maps(xs[b], offsets[b], n, silu, w, shift, epsilon, ys[b], room.get());
          means[b] = moments.mean;
          rstds[b] = moments.rstd;
        }
      });
    });
    context->save_for_backward({x, weight, offset, mean, rstd});
    context->saved_data["silu"] = silu;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &offset = saved[2], &mean = saved[3], &rstd = saved[4];
    const bool silu = context->saved_data["silu"].toBool();
    const Tensor dy = gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    const kernels::MapSizes n = {x.size(2) * x.size(3), x.size(1)};
    const int64_t batch = x.size(0);
    // Each part of the batch adds up its own parameter gradients.
    const int64_t parts = std::min<int64_t>(batch, at::get_num_threads());
    const Tensor dx = at::empty_like(x), doffset = at::empty({batch, n.channels}, weight.options()),
                 dweight = at::zeros({parts, n.values()}, weight.options()), dbias = at::zeros_like(dweight);
    with_number_type(x, [&](auto type) {
      using T = decltype(type);
      const Rows<T> xs(x), dys(dy), dxs(dx);
      const Rows<float> offsets(offset), dweights(dweight), dbiases(dbias), doffsets(doffset);
      const float *w = weight.data_ptr<float>(), *means = mean.data_ptr<float>(),
                  *rstds = rstd.data_ptr<float>();
      at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        const auto room = room_for((silu ? 3 : 2) * n.values());
        for (int64_t part = first; part < last; ++part)
          for (int64_t b = part * batch / parts; b < (part + 1) * batch / parts; ++b)
            kernels::layer_norm_maps_backward(xs[b], dys[b], offsets[b], n, silu, w, {means[b], rstds[b]},
                                              dweights[part], dbiases[part], dxs[b], doffsets[b], room.get());
      });
    });
    const auto as_parameter = [&](const Tensor& parted) {
      return parted.sum(0).view({x.size(2), x.size(3), x.size(1)}).permute({2, 0, 1});
    };
    return {dx,
            as_parameter(dweight),
            as_parameter(dbias),
            Tensor(),
            Tensor(),
            offset.size(0) == 1 ? doffset.sum(0, true) : doffset};
  }
};

}  // namespace

Tensor layer_norm_maps_plain(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon,
                             bool silu, const Tensor& offset) {
  Tensor u = x.to(torch::kFloat32);
  if (offset.defined()) u = u + offset.unsqueeze(-1).unsqueeze(-1);
  if (silu) u = at::silu(u);
  return at::layer_norm(u, weight.sizes(), weight, bias, epsilon).to(x.scalar_type());
}

Tensor layer_norm_maps(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon, bool silu,
                       const Tensor& offset) {
  const bool type_fits = x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16;
  if (!on_host(x) || !type_fits || weight.scalar_type() != torch::kFloat32)
    return layer_norm_maps_plain(x, weight, bias, epsilon, silu, offset);
  return LayerNormMapsFunction::apply(
      x, weight, bias, epsilon, silu,
      offset.defined() ? offset : at::zeros({1, x.size(1)}, weight.options()));
}

}  // namespace steer

#include "steer/nn/group_norm_silu.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "steer/core/host.h"
#include "steer/core/kernel_calls.h"
#include "steer/nn/group_norm_silu_kernel.h"

namespace steer {
namespace {

kernels::NormSizes norm_sizes(const Tensor& x, int64_t groups) {
  return {x.size(2) * x.size(3), x.size(1), groups};
}

struct GroupNormSiluFunction : torch::autograd::Function<GroupNormSiluFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& given,
                        const Tensor& given_weight, const Tensor& given_bias, int64_t groups, double epsilon,
                        const Tensor& given_offset) {
    const Tensor x = given.contiguous(at::MemoryFormat::ChannelsLast), weight = given_weight.contiguous(),
                 bias = given_bias.contiguous();
    // No offset is an empty tensor, since undefined ones cannot be arguments here.
    const Tensor offset = given_offset.contiguous();
    const auto statistics = at::TensorOptions().dtype(torch::kFloat32);
    Tensor y = at::empty_like(x), mean = at::empty({x.size(0), groups}, statistics),
           rstd = at::empty_like(mean), sum = at::empty_like(offset);
    const kernels::NormSizes n = norm_sizes(x, groups);
    with_number_type(x, [&](auto type) {
      using T = decltype(type);
      const Rows<T> xs(x), ys(y);
      const Rows<float> weights(weight), biases(bias), offsets(offset), means(mean), rstds(rstd), sums(sum);
      at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        const auto room = room_for(4 * n.channels);
        for (int64_t b = begin; b < end; ++b)
          kernels::group_norm_silu(xs[b], ys[b], n, {weights[b], biases[b], offsets[b]}, epsilon, means[b],
                                   rstds[b], sums[b], room.get());
      });
    });
    context->save_for_backward({x, weight, bias, mean, rstd, offset, sum});
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &mean = saved[3], &rstd = saved[4],
                 &offset = saved[5], &sum = saved[6];
    const Tensor dy = gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    Tensor dx = at::empty_like(x), dweight = at::empty({x.size(0), x.size(1)}, mean.options()),
           dbias = at::empty_like(dweight), doffset = sum.clone();
    const kernels::NormSizes n = norm_sizes(x, mean.size(1));
    with_number_type(x, [&](auto type) {
      using T = decltype(type);
      const Rows<T> xs(x), dys(dy), dxs(dx);
      const Rows<float> weights(weight), biases(bias), offsets(offset), means(mean), rstds(rstd),
          dweights(dweight), dbiases(dbias), doffsets(doffset);
      at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        const auto room = room_for((n.pixels + 6) * n.channels);
        for (int64_t b = begin; b < end; ++b)
          kernels::group_norm_silu_backward(xs[b], dys[b], dxs[b], n, {weights[b], biases[b], offsets[b]},
                                            means[b], rstds[b], dweights[b], dbiases[b], doffsets[b],
                                            room.get());
      });
    });
    const bool shared = weight.dim() == 1;
    return {dx,     shared ? dweight.sum(0) : dweight, shared ? dbias.sum(0) : dbias, Tensor(), Tensor(),
            doffset};
  }
};

}  // namespace

Tensor group_norm_silu_plain(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                             double epsilon, const Tensor& offset) {
  const auto type = x.scalar_type();
  const auto per_image = [&](const Tensor& rows) { return rows.to(type).unsqueeze(-1).unsqueeze(-1); };
  const Tensor input = offset.defined() ? x + per_image(offset) : x;
  if (weight.dim() == 1)
    return at::silu(at::group_norm(input, groups, weight.to(type), bias.to(type), epsilon));
  return at::silu(at::group_norm(input, groups, {}, {}, epsilon) * per_image(weight) + per_image(bias));
}

Tensor group_norm_silu(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t groups,
                       double epsilon, const Tensor& offset) {
  const bool type_fits = x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16;
  if (!on_host(x) || !type_fits || weight.scalar_type() != torch::kFloat32)
    return group_norm_silu_plain(x, weight, bias, groups, epsilon, offset);
  return GroupNormSiluFunction::apply(x, weight, bias, groups, epsilon,
                                      offset.defined() ? offset : at::empty({0}, weight.options()));
}

}  // namespace steer

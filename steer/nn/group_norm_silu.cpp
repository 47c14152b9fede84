#include "steer/nn/group_norm_silu.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "steer/core/host.h"
#include "steer/core/kernels.h"

namespace steer {
namespace {

using namespace kernels;

// One image of maps: pixels x channels, the affine parameters, and mean and 1/std of each group.
struct Sizes {
  int64_t pixels, channels, groups;
};

// Sums and sums of squares of each channel.
#define STEER_SUMS(T)                                                      \
  STEER_KERNEL void sums(const T* x, Sizes n, float* sum, float* square) { \
    for (int64_t c = 0; c < n.channels; ++c) sum[c] = square[c] = 0;       \
    for (int64_t p = 0; p < n.pixels; ++p, x += n.channels)                \
      for (int64_t c = 0; c < n.channels; ++c) {                           \
        const float value = load(x + c);                                   \
        sum[c] += value;                                                   \
        square[c] += value * value;                                        \
      }                                                                    \
  }
STEER_SUMS(float)
STEER_SUMS(c10::BFloat16)

// y = silu(scale x + shift), scale and shift per channel.
#define STEER_APPLY(T)                                                                                    \
  STEER_KERNEL void apply(const T* __restrict x, T* __restrict y, Sizes n, const float* __restrict scale, \
                          const float* __restrict shift) {                                                \
    for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, y += n.channels)                              \
      for (int64_t c = 0; c < n.channels; ++c) {                                                          \
        const float z = load(x + c) * scale[c] + shift[c];                                                \
        store(y + c, z * sigmoid(z));                                                                     \
      }                                                                                                   \
  }
STEER_APPLY(float)
STEER_APPLY(c10::BFloat16)

// dz = dy silu'(z) into `dz`, with its sum and its sum against x for each channel.
#define STEER_GRADIENT_SUMS(T)                                                                           \
  STEER_KERNEL void gradient_sums(const T* __restrict x, const T* __restrict dy, float* __restrict dz,   \
                                  Sizes n, const float* __restrict scale, const float* __restrict shift, \
                                  float* __restrict sum, float* __restrict cross) {                      \
    for (int64_t c = 0; c < n.channels; ++c) sum[c] = cross[c] = 0;                                      \
    for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, dy += n.channels, dz += n.channels)          \
      for (int64_t c = 0; c < n.channels; ++c) {                                                         \
        const float value = load(x + c), z = value * scale[c] + shift[c], s = sigmoid(z);                \
        const float gradient = load(dy + c) * silu_slope(z, s);                                          \
        dz[c] = gradient;                                                                                \
        sum[c] += gradient;                                                                              \
        cross[c] += gradient * value;                                                                    \
      }                                                                                                  \
  }
STEER_GRADIENT_SUMS(float)
STEER_GRADIENT_SUMS(c10::BFloat16)

// dx = scale dz + by_x x + constant, all per channel.
#define STEER_GRADIENT(T)                                                                                  \
  STEER_KERNEL void gradient(const T* __restrict x, const float* __restrict dz, T* __restrict dx, Sizes n, \
                             const float* __restrict scale, const float* __restrict by_x,                  \
                             const float* __restrict constant) {                                           \
    for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, dz += n.channels, dx += n.channels)            \
      for (int64_t c = 0; c < n.channels; ++c)                                                             \
        store(dx + c, dz[c] * scale[c] + load(x + c) * by_x[c] + constant[c]);                             \
  }
STEER_GRADIENT(float)
STEER_GRADIENT(c10::BFloat16)

// Parameters of each channel: one row for all images, or one row for each where `stride` is the row's length.
struct Affine {
  const float *weight, *bias;
  int64_t stride;
};

// scale = w / std and shift = b + (offset - mean) scale of each channel, from the statistics of its group;
// offset may be null.
void affine(Sizes n, const float* mean, const float* rstd, const float* weight, const float* bias,
            const float* offset, float* scale, float* shift) {
  const int64_t each = n.channels / n.groups;
  for (int64_t c = 0; c < n.channels; ++c) {
    scale[c] = weight[c] * rstd[c / each];
    shift[c] = bias[c] + ((offset ? offset[c] : 0) - mean[c / each]) * scale[c];
  }
}

// With an `offset` [batch, channels], what is normalised is x + offset, and `plain_sum` of that shape gets
// the sums of x itself.
template <class T>
void forward(const T* x, T* y, int64_t batch, Sizes n, Affine parameters, const float* offset, double epsilon,
             float* mean, float* rstd, float* plain_sum) {
  at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>(4 * n.channels));
    float *sum = buffer.data(), *square = sum + n.channels, *scale = square + n.channels,
          *shift = scale + n.channels;
    const int64_t each = n.channels / n.groups;
    const double count = static_cast<double>(each * n.pixels);
    for (int64_t b = begin; b < end; ++b) {
      sums(x + b * n.pixels * n.channels, n, sum, square);
      const float* added = offset ? offset + b * n.channels : nullptr;
      for (int64_t c = 0; added && c < n.channels; ++c) {
        const float pixels = static_cast<float>(n.pixels);
        plain_sum[b * n.channels + c] = sum[c];
        square[c] += added[c] * (2 * sum[c] + pixels * added[c]);
        sum[c] += pixels * added[c];
      }
      for (int64_t g = 0; g < n.groups; ++g) {
        double total = 0, squares = 0;
        for (int64_t c = g * each; c < (g + 1) * each; ++c) total += sum[c], squares += square[c];
        const double average = total / count, variance = std::max(0.0, squares / count - average * average);
        mean[b * n.groups + g] = static_cast<float>(average);
        rstd[b * n.groups + g] = static_cast<float>(1.0 / std::sqrt(variance + epsilon));
      }
      affine(n, mean + b * n.groups, rstd + b * n.groups, parameters.weight + b * parameters.stride,
             parameters.bias + b * parameters.stride, added, scale, shift);
      apply(x + b * n.pixels * n.channels, y + b * n.pixels * n.channels, n, scale, shift);
    }
  });
}

// Writes dx and the parts of the parameters' gradients [batch, channels] that belong to each image; with an
// offset also its gradient, for which it takes the sums of x from `doffset`.
template <class T>
void backward(const T* x, const T* dy, T* dx, int64_t batch, Sizes n, Affine parameters, const float* offset,
              const float* mean, const float* rstd, float* dweight, float* dbias, float* doffset) {
  at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> buffer(static_cast<size_t>((n.pixels + 6) * n.channels));
    float *scale = buffer.data(), *shift = scale + n.channels, *sum = shift + n.channels,
          *cross = sum + n.channels;
    float *by_x = cross + n.channels, *constant = by_x + n.channels, *dz = constant + n.channels;
    const int64_t each = n.channels / n.groups;
    const float count = static_cast<float>(each * n.pixels);
    for (int64_t b = begin; b < end; ++b) {
      const int64_t at = b * n.pixels * n.channels;
      const float *m = mean + b * n.groups, *r = rstd + b * n.groups;
      const float *weight = parameters.weight + b * parameters.stride,
                  *bias = parameters.bias + b * parameters.stride;
      const float* added = offset ? offset + b * n.channels : nullptr;
      affine(n, m, r, weight, bias, added, scale, shift);
      gradient_sums(x + at, dy + at, dz, n, scale, shift, sum, cross);
      for (int64_t c = 0; added && c < n.channels; ++c) cross[c] += added[c] * sum[c];
      for (int64_t g = 0; g < n.groups; ++g) {
        float first = 0, second = 0;  // sums over the group of w dz and of w dz (x - mean) / std
        for (int64_t c = g * each; c < (g + 1) * each; ++c) {
          const float centred = (cross[c] - m[g] * sum[c]) * r[g];
          dweight[b * n.channels + c] = centred;
          dbias[b * n.channels + c] = sum[c];
          first += weight[c] * sum[c];
          second += weight[c] * centred;
        }
        for (int64_t c = g * each; c < (g + 1) * each; ++c) {
          by_x[c] = -r[g] * r[g] * second / count;
          constant[c] = -r[g] * first / count - m[g] * by_x[c];
        }
      }
      for (int64_t c = 0; added && c < n.channels; ++c) {
        constant[c] += by_x[c] * added[c];
        float& total = doffset[b * n.channels + c];
        total = scale[c] * sum[c] + by_x[c] * total + static_cast<float>(n.pixels) * constant[c];
      }
      gradient(x + at, dz, dx + at, n, scale, by_x, constant);
    }
  });
}

Sizes sizes_of(const Tensor& x, int64_t groups) {
  return {x.size(2) * x.size(3), x.size(1), groups};
}

Affine affine_of(const Tensor& weight, const Tensor& bias) {
  return {weight.data_ptr<float>(), bias.data_ptr<float>(), weight.dim() == 2 ? weight.size(1) : 0};
}

const float* values_or_null(const Tensor& tensor) {
  return tensor.numel() > 0 ? tensor.data_ptr<float>() : nullptr;
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
    const auto run = [&](auto type) {
      using T = decltype(type);
      steer::forward(x.data_ptr<T>(), y.data_ptr<T>(), x.size(0), sizes_of(x, groups),
                     affine_of(weight, bias), values_or_null(offset), epsilon, mean.data_ptr<float>(),
                     rstd.data_ptr<float>(), sum.data_ptr<float>());
    };
    with_number_type(x, run);
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
    const auto run = [&](auto type) {
      using T = decltype(type);
      steer::backward(x.data_ptr<T>(), dy.data_ptr<T>(), dx.data_ptr<T>(), x.size(0),
                      sizes_of(x, mean.size(1)), affine_of(weight, bias), values_or_null(offset),
                      mean.data_ptr<float>(), rstd.data_ptr<float>(), dweight.data_ptr<float>(),
                      dbias.data_ptr<float>(), doffset.data_ptr<float>());
    };
    with_number_type(x, run);
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

#include "steer/nn/layer_norm_maps.h"

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

// One image of channels-last maps.
struct Sizes {
  int64_t pixels, channels;
  int64_t values() const { return pixels * channels; }
};

// u of one image into `u`, and du / dz into `slope` unless it is null.
#define STEER_ENTERING(T)                                                                               \
  STEER_KERNEL void entering(const T* __restrict x, const float* __restrict offset, Sizes n, bool silu, \
                             float* __restrict u, float* __restrict slope) {                            \
    for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, u += n.channels) {                          \
      if (!silu)                                                                                        \
        for (int64_t c = 0; c < n.channels; ++c) u[c] = load(x + c) + offset[c];                        \
      else if (!slope)                                                                                  \
        for (int64_t c = 0; c < n.channels; ++c) {                                                      \
          const float z = load(x + c) + offset[c];                                                      \
          u[c] = z * sigmoid(z);                                                                        \
        }                                                                                               \
      else                                                                                              \
        for (int64_t c = 0; c < n.channels; ++c) {                                                      \
          const float z = load(x + c) + offset[c], s = sigmoid(z);                                      \
          u[c] = z * s;                                                                                 \
          slope[p * n.channels + c] = silu_slope(z, s);                                                 \
        }                                                                                               \
    }                                                                                                   \
  }
STEER_ENTERING(float)
STEER_ENTERING(c10::BFloat16)

// Sums go in float32 over pieces of this many values and on in float64.
constexpr int64_t kPiece = 512;

STEER_KERNEL double sum_of(const float* u, int64_t count) {
  double total = 0;
  for (int64_t at = 0; at < count; at += kPiece) {
    const int64_t end = std::min(count, at + kPiece);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = at; i < end; ++i) sum += u[i];
    total += sum;
  }
  return total;
}

STEER_KERNEL double squared_deviations(const float* u, int64_t count, float mean) {
  double total = 0;
  for (int64_t at = 0; at < count; at += kPiece) {
    const int64_t end = std::min(count, at + kPiece);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = at; i < end; ++i) sum += (u[i] - mean) * (u[i] - mean);
    total += sum;
  }
  return total;
}

#define STEER_NORMALISED(T)                                                                         \
  STEER_KERNEL void normalised(const float* __restrict u, const float* __restrict weight,           \
                               const float* __restrict bias, int64_t count, float mean, float rstd, \
                               T* __restrict y) {                                                   \
    for (int64_t i = 0; i < count; ++i) store(y + i, (u[i] - mean) * rstd * weight[i] + bias[i]);   \
  }
STEER_NORMALISED(float)
STEER_NORMALISED(c10::BFloat16)

struct Sums {
  double gradient, cross;
};

// With u in place: normalises it, puts dy weight into `g`, adds to the parameters' gradients, and sums g and
// g u.
#define STEER_GRADIENT_SUMS(T)                                                                           \
  STEER_KERNEL Sums gradient_sums(const T* __restrict dy, const float* __restrict weight, int64_t count, \
                                  float mean, float rstd, float* __restrict u, float* __restrict g,      \
                                  float* __restrict dweight, float* __restrict dbias) {                  \
    Sums total = {0, 0};                                                                                 \
    for (int64_t at = 0; at < count; at += kPiece) {                                                     \
      const int64_t end = std::min(count, at + kPiece);                                                  \
      float sum = 0, cross = 0;                                                                          \
      _Pragma("omp simd reduction(+ : sum, cross)") for (int64_t i = at; i < end; ++i) {                 \
        const float d = load(dy + i), normal = (u[i] - mean) * rstd;                                     \
        dweight[i] += d * normal;                                                                        \
        dbias[i] += d;                                                                                   \
        u[i] = normal;                                                                                   \
        g[i] = d * weight[i];                                                                            \
        sum += g[i];                                                                                     \
        cross += g[i] * normal;                                                                          \
      }                                                                                                  \
      total.gradient += sum;                                                                             \
      total.cross += cross;                                                                              \
    }                                                                                                    \
    return total;                                                                                        \
  }
STEER_GRADIENT_SUMS(float)
STEER_GRADIENT_SUMS(c10::BFloat16)

// dx = rstd (g - gradient - normal cross) slope, and its sum over pixels for each channel; a null slope is 1.
#define STEER_GRADIENT(T)                                                                                   \
  STEER_KERNEL void gradient(const float* __restrict normal, const float* __restrict g,                     \
                             const float* __restrict slope, Sizes n, float rstd, float mean_gradient,       \
                             float mean_cross, T* __restrict dx, float* __restrict doffset) {               \
    for (int64_t c = 0; c < n.channels; ++c) doffset[c] = 0;                                                \
    for (int64_t at = 0; at < n.values(); at += n.channels)                                                 \
      if (slope)                                                                                            \
        for (int64_t c = 0; c < n.channels; ++c) {                                                          \
          const float d = rstd * (g[at + c] - mean_gradient - normal[at + c] * mean_cross) * slope[at + c]; \
          store(dx + at + c, d);                                                                            \
          doffset[c] += d;                                                                                  \
        }                                                                                                   \
      else                                                                                                  \
        for (int64_t c = 0; c < n.channels; ++c) {                                                          \
          const float d = rstd * (g[at + c] - mean_gradient - normal[at + c] * mean_cross);                 \
          store(dx + at + c, d);                                                                            \
          doffset[c] += d;                                                                                  \
        }                                                                                                   \
  }
STEER_GRADIENT(float)
STEER_GRADIENT(c10::BFloat16)

Sizes sizes_of(const Tensor& x) {
  return {x.size(2) * x.size(3), x.size(1)};
}

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
    const Sizes n = sizes_of(x);
    const int64_t each = offset.size(0) == 1 ? 0 : n.channels;
    with_number_type(x, [&](auto type) {
      using T = decltype(type);
      at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        std::vector<float> u(static_cast<size_t>(n.values()));
        const double count = static_cast<double>(n.values());
        for (int64_t b = begin; b < end; ++b) {
          entering(x.data_ptr<T>() + b * n.values(), offset.data_ptr<float>() + b * each, n, silu, u.data(),
                   nullptr);
          const float average = static_cast<float>(sum_of(u.data(), n.values()) / count);
          const double variance = squared_deviations(u.data(), n.values(), average) / count;
          const float scale = static_cast<float>(1.0 / std::sqrt(variance + epsilon));
          mean.data_ptr<float>()[b] = average;
          rstd.data_ptr<float>()[b] = scale;
          normalised(u.data(), weight.data_ptr<float>(), bias.data_ptr<float>(), n.values(), average, scale,
                     y.data_ptr<T>() + b * n.values());
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
    const Sizes n = sizes_of(x);
    const int64_t batch = x.size(0), each = offset.size(0) == 1 ? 0 : n.channels;
    // Each part of the batch adds up its own parameter gradients.
    const int64_t parts = std::min<int64_t>(batch, at::get_num_threads());
    const Tensor dx = at::empty_like(x), doffset = at::empty({batch, n.channels}, weight.options()),
                 dweight = at::zeros({parts, n.values()}, weight.options()), dbias = at::zeros_like(dweight);
    with_number_type(x, [&](auto type) {
      using T = decltype(type);
      at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        std::vector<float> u(static_cast<size_t>(n.values())), g(u.size()), slopes(silu ? u.size() : 0);
        float* slope = silu ? slopes.data() : nullptr;
        const double count = static_cast<double>(n.values());
        for (int64_t part = first; part < last; ++part)
          for (int64_t b = part * batch / parts; b < (part + 1) * batch / parts; ++b) {
            const int64_t at = b * n.values();
            const float scale = rstd.data_ptr<float>()[b];
            entering(x.data_ptr<T>() + at, offset.data_ptr<float>() + b * each, n, silu, u.data(), slope);
            const Sums sums = gradient_sums(dy.data_ptr<T>() + at, weight.data_ptr<float>(), n.values(),
                                            mean.data_ptr<float>()[b], scale, u.data(), g.data(),
                                            dweight.data_ptr<float>() + part * n.values(),
                                            dbias.data_ptr<float>() + part * n.values());
            gradient(u.data(), g.data(), slope, n, scale, static_cast<float>(sums.gradient / count),
                     static_cast<float>(sums.cross / count), dx.data_ptr<T>() + at,
                     doffset.data_ptr<float>() + b * n.channels);
          }
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
            each == 0 ? doffset.sum(0, true) : doffset};
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

#include "steer/ddn/candidate_kernels.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <algorithm>
#include <vector>

#include "steer/core/kernels.h"

namespace steer {
namespace {

using namespace kernels;

constexpr int64_t kLane = 16;
typedef float Lane __attribute__((vector_size(kLane * sizeof(float)), aligned(4)));

int64_t padded(int64_t n) {
  return (n + kLane - 1) / kLane * kLane;
}

// The first `inner` channels of pixels with `stride` channels as float rows of `width` >= inner, zeros
// behind.
#define STEER_UNPACK(T)                                                                                 \
  STEER_KERNEL void unpack(const T* from, int64_t pixels, int64_t stride, int64_t inner, int64_t width, \
                           float* to) {                                                                 \
    for (int64_t p = 0; p < pixels; ++p, from += stride, to += width) {                                 \
      for (int64_t i = 0; i < inner; ++i) to[i] = load(from + i);                                       \
      for (int64_t i = inner; i < width; ++i) to[i] = 0;                                                \
    }                                                                                                   \
  }
STEER_UNPACK(float)
STEER_UNPACK(c10::BFloat16)

// out[i][j] = sum_p left[p][i] a[p][j] for `Rows` rows from i and `Lanes` lanes from j, held in registers.
template <int Rows, int Lanes>
STEER_INLINE void tile(const float* left, const float* a, int64_t pixels, int64_t width, float* out) {
  Lane sums[Rows][Lanes] = {};
  for (int64_t p = 0; p < pixels; ++p, left += width, a += width) {
    Lane value[Lanes];
#pragma GCC unroll 8
    for (int j = 0; j < Lanes; ++j) value[j] = *reinterpret_cast<const Lane*>(a + j * kLane);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < Lanes; ++j) sums[i][j] += left[i] * value[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < Lanes; ++j) *reinterpret_cast<Lane*>(out + i * width + j * kLane) = sums[i][j];
}

// gram [width, width] of float rows; width is a multiple of 16.
STEER_KERNEL void gram_of(const float* left, const float* a, int64_t pixels, int64_t width, float* gram) {
  for (int64_t i = 0; i < width; i += 8) {
    int64_t j = 0;
    for (; j + 2 * kLane <= width; j += 2 * kLane)
      tile<8, 2>(left + i, a + j, pixels, width, gram + i * width + j);
    if (j < width) tile<8, 1>(left + i, a + j, pixels, width, gram + i * width + j);
  }
}

// cross[c][j] = sum_p weight[p] r[c][p] a[p][j]; returns sum weight |r|^2.
STEER_KERNEL float cross_of(const float* r, const float* weight, const float* a, int64_t pixels,
                            int64_t channels, int64_t width, float* cross) {
  std::fill(cross, cross + channels * width, 0.0f);
  float square = 0;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t p = 0; p < pixels; ++p) {
      const float value = r[c * pixels + p], weighted = weight ? weight[p] * value : value;
      square += weighted * value;
      for (int64_t j = 0; j < width; ++j) cross[c * width + j] += weighted * a[p * width + j];
    }
  return square;
}

// sum over pixels and channels of weight (w a + r)^2.
STEER_KERNEL float distance_of(const float* w, const float* r, const float* weight, const float* a,
                               int64_t pixels, int64_t channels, int64_t inner, int64_t width) {
  float total = 0;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t p = 0; p < pixels; ++p) {
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < inner; ++i) sum += w[c * inner + i] * a[p * width + i];
      const float difference = sum + r[c * pixels + p];
      total += weight ? weight[p] * difference * difference : difference * difference;
    }
  return total;
}

// y[part][c][p] = sum_i w[c][i] h[p][part c' + i].
#define STEER_PRODUCTS(T)                                                                                 \
  STEER_KERNEL void products(const T* h, const float* w, int64_t pixels, int64_t parts, int64_t channels, \
                             int64_t inner, float* y) {                                                   \
    const int64_t stride = parts * inner;                                                                 \
    for (int64_t part = 0; part < parts; ++part)                                                          \
      for (int64_t c = 0; c < channels; ++c)                                                              \
        for (int64_t p = 0; p < pixels; ++p) {                                                            \
          const T* row = h + p * stride + part * inner;                                                   \
          float sum = 0;                                                                                  \
          _Pragma("omp simd reduction(+ : sum)") for (int64_t i = 0; i < inner; ++i) sum +=               \
              w[c * inner + i] * load(row + i);                                                           \
          y[(part * channels + c) * pixels + p] = sum;                                                    \
        }                                                                                                 \
  }
STEER_PRODUCTS(float)
STEER_PRODUCTS(c10::BFloat16)

// dh[p][part c' + i] = sum_c dy w[c][i]; dw[c][i] = sum over parts and pixels of dy h.
#define STEER_PRODUCTS_BACKWARD(T)                                                               \
  STEER_KERNEL void products_backward(const T* __restrict h, const float* __restrict w,          \
                                      const float* __restrict dy, int64_t pixels, int64_t parts, \
                                      int64_t channels, int64_t inner, T* __restrict dh,         \
                                      float* __restrict dw, float* __restrict row) {             \
    std::fill(dw, dw + channels * inner, 0.0f);                                                  \
    for (int64_t p = 0; p < pixels; ++p)                                                         \
      for (int64_t part = 0; part < parts; ++part, h += inner, dh += inner) {                    \
        for (int64_t i = 0; i < inner; ++i) row[i] = 0;                                          \
        for (int64_t c = 0; c < channels; ++c) {                                                 \
          const float g = dy[(part * channels + c) * pixels + p];                                \
          for (int64_t i = 0; i < inner; ++i) {                                                  \
            row[i] += g * w[c * inner + i];                                                      \
            dw[c * inner + i] += g * load(h + i);                                                \
          }                                                                                      \
        }                                                                                        \
        for (int64_t i = 0; i < inner; ++i) store(dh + i, row[i]);                               \
      }                                                                                          \
  }
STEER_PRODUCTS_BACKWARD(float)
STEER_PRODUCTS_BACKWARD(c10::BFloat16)

// Calls body(T{}) with the features' number type.
template <class Body>
void with_type(const Tensor& features, const Body& body) {
  features.scalar_type() == torch::kFloat32 ? body(float()) : body(c10::BFloat16());
}

struct ProductsFunction : torch::autograd::Function<ProductsFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& features,
                        const Tensor& given_weight, const Tensor& index) {
    const Tensor weight = given_weight.contiguous();
    const int64_t batch = features.size(0), pixels = features.size(2) * features.size(3);
    const int64_t channels = weight.size(1), inner = weight.size(2), parts = features.size(1) / inner;
    const Tensor out =
        at::empty({batch, parts * channels, features.size(2), features.size(3)}, weight.options());
    const int64_t* k = index.data_ptr<int64_t>();
    const float* w = weight.data_ptr<float>();
    float* y = out.data_ptr<float>();
    with_type(features, [&](auto type) {
      const auto* h = features.data_ptr<decltype(type)>();
      at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b)
          products(h + b * pixels * parts * inner, w + k[b] * channels * inner, pixels, parts, channels,
                   inner, y + b * parts * channels * pixels);
      });
    });
    context->save_for_backward({features, weight, index});
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &features = saved[0], &weight = saved[1], &index = saved[2];
    const Tensor dy = gradients[0].contiguous();
    const int64_t batch = features.size(0), pixels = features.size(2) * features.size(3);
    const int64_t channels = weight.size(1), inner = weight.size(2), parts = features.size(1) / inner;
    const Tensor dh = at::empty_like(features), each = at::empty({batch, channels, inner}, weight.options());
    const int64_t* k = index.data_ptr<int64_t>();
    const float *w = weight.data_ptr<float>(), *g = dy.data_ptr<float>();
    float* dw = each.data_ptr<float>();
    with_type(features, [&](auto type) {
      const auto* h = features.data_ptr<decltype(type)>();
      auto* out = dh.data_ptr<decltype(type)>();
      at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
        std::vector<float> row(static_cast<size_t>(inner));
        for (int64_t b = begin; b < end; ++b)
          products_backward(h + b * pixels * parts * inner, w + k[b] * channels * inner,
                            g + b * parts * channels * pixels, pixels, parts, channels, inner,
                            out + b * pixels * parts * inner, dw + b * channels * inner, row.data());
      });
    });
    return {dh, at::zeros_like(weight).index_add_(0, index, each), Tensor()};
  }
};

// What the loops below need of each row: float pixels, residual, pixel weights.
struct Rows {
  Rows(const Tensor& features, int64_t inner_, const Tensor& given_residual, const Tensor& given_weight)
      : batch(features.size(0)),
        pixels(features.size(2) * features.size(3)),
        inner(inner_),
        width(padded(inner_)),
        channels(given_residual.size(1)),
        h(features),
        residual(given_residual.to(torch::kFloat32).contiguous()) {
    if (given_weight.defined()) weight = given_weight.to(torch::kFloat32).contiguous();
  }
  void unpack_row(int64_t b, float* to) const {
    with_type(h, [&](auto type) {
      unpack(h.data_ptr<decltype(type)>() + b * pixels * h.size(1), pixels, h.size(1), inner, width, to);
    });
  }
  const float* residual_of(int64_t b) const { return residual.data_ptr<float>() + b * channels * pixels; }
  const float* weight_of(int64_t b) const {
    return weight.defined() ? weight.data_ptr<float>() + (weight.size(0) == 1 ? 0 : b * pixels) : nullptr;
  }

  int64_t batch, pixels, inner, width, channels;
  Tensor h, residual, weight;
};

}  // namespace

bool takes_kernels(const Tensor& features) {
  const auto type = features.scalar_type();
  return features.device().is_cpu() && (type == torch::kFloat32 || type == torch::kBFloat16) &&
         features.is_contiguous(at::MemoryFormat::ChannelsLast);
}

GramSums gram_sums(const Tensor& features, int64_t inner, const Tensor& residual,
                   const Tensor& pixel_weight) {
  const Rows rows(features, inner, residual, pixel_weight);
  const auto options = at::TensorOptions().dtype(torch::kFloat32);
  const Tensor gram = at::empty({rows.batch, rows.width, rows.width}, options);
  const Tensor cross = at::empty({rows.batch, rows.channels, rows.width}, options),
               square = at::empty({rows.batch}, options);
  float *g = gram.data_ptr<float>(), *x = cross.data_ptr<float>(), *s = square.data_ptr<float>();
  at::parallel_for(0, rows.batch, 1, [&](int64_t begin, int64_t end) {
    const size_t size = static_cast<size_t>(rows.pixels * rows.width);
    std::vector<float> a(size), weighted(rows.weight.defined() ? size : 0);
    for (int64_t b = begin; b < end; ++b) {
      rows.unpack_row(b, a.data());
      const float *left = a.data(), *weight = rows.weight_of(b);
      if (weight) {
        for (int64_t p = 0; p < rows.pixels; ++p)
          for (int64_t i = 0; i < rows.width; ++i)
            weighted[static_cast<size_t>(p * rows.width + i)] =
                weight[p] * a[static_cast<size_t>(p * rows.width + i)];
        left = weighted.data();
      }
      gram_of(left, a.data(), rows.pixels, rows.width, g + b * rows.width * rows.width);
      s[b] = cross_of(rows.residual_of(b), weight, a.data(), rows.pixels, rows.channels, rows.width,
                      x + b * rows.channels * rows.width);
    }
  });
  if (rows.width == inner) return {gram, cross, square};
  return {gram.narrow(1, 0, inner).narrow(2, 0, inner).contiguous(), cross.narrow(2, 0, inner).contiguous(),
          square};
}

Tensor distances_of(const Tensor& features, const Tensor& given_weight, const Tensor& residual,
                    const Tensor& pixel_weight, const Tensor& given_index) {
  const Tensor weight = given_weight.contiguous(), index = given_index.contiguous();
  const Rows rows(features, weight.size(2), residual, pixel_weight);
  const int64_t few = index.size(1);
  const Tensor distance = at::empty({rows.batch, few}, at::TensorOptions().dtype(torch::kFloat32));
  const float* w = weight.data_ptr<float>();
  const int64_t* k = index.data_ptr<int64_t>();
  float* out = distance.data_ptr<float>();
  at::parallel_for(0, rows.batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> a(static_cast<size_t>(rows.pixels * rows.width));
    for (int64_t b = begin; b < end; ++b) {
      rows.unpack_row(b, a.data());
      for (int64_t m = 0; m < few; ++m)
        out[b * few + m] =
            distance_of(w + k[b * few + m] * rows.channels * rows.inner, rows.residual_of(b),
                        rows.weight_of(b), a.data(), rows.pixels, rows.channels, rows.inner, rows.width);
    }
  });
  return distance;
}

Tensor chosen_products(const Tensor& features, const Tensor& weight, const Tensor& index) {
  return ProductsFunction::apply(features, weight, index.contiguous());
}

}  // namespace steer

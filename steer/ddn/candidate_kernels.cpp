#include "steer/ddn/candidate_kernels.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

#include "steer/core/host.h"
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

// sums[r][l] += sum over `steps` of left[r row + step stride] right[step width + lane l], in registers.
template <int Rows, int Lanes>
STEER_INLINE void accumulate(const float* left, int64_t row, int64_t stride, const float* right,
                             int64_t width, int64_t steps, Lane (&sums)[Rows][Lanes]) {
  for (int64_t step = 0; step < steps; ++step, left += stride, right += width) {
    Lane value[Lanes];
#pragma GCC unroll 2
    for (int l = 0; l < Lanes; ++l) value[l] = *reinterpret_cast<const Lane*>(right + l * kLane);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
      for (int l = 0; l < Lanes; ++l) sums[r][l] += left[r * row] * value[l];
  }
}

// out[i][j] = sum_p left[p][i] a[p][j] for `Rows` rows from i and `Lanes` lanes from j.
template <int Rows, int Lanes>
STEER_INLINE void tile(const float* left, const float* a, int64_t pixels, int64_t width, float* out) {
  Lane sums[Rows][Lanes] = {};
  accumulate(left, 1, width, a, width, pixels, sums);
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < Lanes; ++j) *reinterpret_cast<Lane*>(out + i * width + j * kLane) = sums[i][j];
}

// The upper triangle of gram [width, width] of float rows, in tiles, with each value that stands for two
// doubled and zeros below the diagonal: w^T G w = sum_j w_j sum_{i <= j} G_ij w_i. Width is a multiple of 16.
STEER_KERNEL void upper_gram_of(const float* left, const float* a, int64_t pixels, int64_t width,
                                float* gram) {
  for (int64_t i = 0; i < width; i += 8) {
    int64_t j = i / kLane * kLane;
    for (; j + 2 * kLane <= width; j += 2 * kLane)
      tile<8, 2>(left + i, a + j, pixels, width, gram + i * width + j);
    if (j < width) tile<8, 1>(left + i, a + j, pixels, width, gram + i * width + j);
  }
  for (int64_t i = 0; i < width; ++i) {
    for (int64_t j = 0; j < i; ++j) gram[i * width + j] = 0;
    for (int64_t j = i + 1; j < width; ++j) gram[i * width + j] *= 2;
  }
}

// For `Rows` rows w of nodes, each [width]: total[r] = sum_j w_j (sum_i G_ij w_i + 2 cross_j), where row r
// meets cross[r].
template <int Rows>
STEER_INLINE void forms(const float* w, const float* const* cross, const float* gram, int64_t width,
                        float* total) {
  Lane totals[Rows] = {};
  const auto block = [&](int64_t j, auto lanes) __attribute__((always_inline)) {
    constexpr int Lanes = decltype(lanes)::value;
    Lane sums[Rows][Lanes];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
      for (int l = 0; l < Lanes; ++l)
        sums[r][l] = 2 * *reinterpret_cast<const Lane*>(cross[r] + j + l * kLane);
    accumulate(w, width, 1, gram + j, width, j + Lanes * kLane, sums);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
      for (int l = 0; l < Lanes; ++l)
        totals[r] += sums[r][l] * *reinterpret_cast<const Lane*>(w + r * width + j + l * kLane);
  };
  int64_t j = 0;
  for (; j + 2 * kLane <= width; j += 2 * kLane) block(j, std::integral_constant<int, 2>());
  if (j < width) block(j, std::integral_constant<int, 1>());
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    float sum = 0;
    for (int i = 0; i < kLane; ++i) sum += totals[r][i];
    total[r] = sum;
  }
}

// distance[k] += w_k^T G w_k + 2 w_k cross for nodes `first` to `last`; w [K, channels, width], cross
// [channels, width].
STEER_KERNEL void forms_of(const float* w, const float* cross, const float* gram, int64_t first, int64_t last,
                           int64_t channels, int64_t width, float* distance) {
  constexpr int kRows = 8;
  const int64_t end = last * channels;
  float total[kRows];
  const float* crosses[kRows];
  int64_t row = first * channels;
  for (; row + kRows <= end; row += kRows) {
    for (int r = 0; r < kRows; ++r) crosses[r] = cross + (row + r) % channels * width;
    forms<kRows>(w + row * width, crosses, gram, width, total);
    for (int r = 0; r < kRows; ++r) distance[(row + r) / channels] += total[r];
  }
  for (; row < end; ++row) {
    crosses[0] = cross + row % channels * width;
    forms<1>(w + row * width, crosses, gram, width, total);
    distance[row / channels] += total[0];
  }
}

// Adds (w_r a + residual)^2 of `Rows` consecutive rows of nodes, from row `row` on, to the distances of
// 2 kLane columns: a [inner, 2 kLane], residual [channels, 2 kLane], distance [K, 2 kLane].
template <int Rows>
STEER_INLINE void measured(const float* w, const float* a, const float* residual, const float* weight,
                           int64_t row, int64_t channels, int64_t inner, float* distance) {
  constexpr int Lanes = 2;
  Lane sums[Rows][Lanes] = {};
  accumulate(w, inner, 1, a, Lanes * kLane, inner, sums);
  for (int r = 0; r < Rows; ++r)
    for (int l = 0; l < Lanes; ++l) {
      const int64_t c = (row + r) % channels, k = (row + r) / channels;
      const Lane difference = sums[r][l] + *reinterpret_cast<const Lane*>(residual + (c * Lanes + l) * kLane);
      *reinterpret_cast<Lane*>(distance + (k * Lanes + l) * kLane) +=
          difference * difference * *reinterpret_cast<const Lane*>(weight + l * kLane);
    }
}

// distance [K, 2 kLane] of all nodes at 2 kLane columns.
STEER_KERNEL void measured_columns(const float* w, const float* a, const float* residual, const float* weight,
                                   int64_t nodes, int64_t channels, int64_t inner, float* distance) {
  constexpr int kRows = 8;
  std::fill(distance, distance + nodes * 2 * kLane, 0.0f);
  const int64_t end = nodes * channels;
  int64_t row = 0;
  for (; row + kRows <= end; row += kRows)
    measured<kRows>(w + row * inner, a, residual, weight, row, channels, inner, distance);
  for (; row < end; ++row) measured<1>(w + row * inner, a, residual, weight, row, channels, inner, distance);
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
    with_number_type(features, [&](auto type) {
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
    with_number_type(features, [&](auto type) {
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
    with_number_type(h, [&](auto type) {
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
  return on_host(features) && (type == torch::kFloat32 || type == torch::kBFloat16) &&
         features.is_contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor distances_by_forms(const Tensor& features, const Tensor& given_weight, const Tensor& residual,
                          const Tensor& pixel_weight, int64_t few) {
  const Tensor weight = given_weight.contiguous();
  const int64_t nodes = weight.size(0), channels = weight.size(1), inner = weight.size(2);
  const Rows rows(features, inner, residual, pixel_weight);
  const Tensor padded_weight =
      rows.width == inner ? weight : at::constant_pad_nd(weight, {0, rows.width - inner});
  const auto options = at::TensorOptions().dtype(torch::kFloat32);
  const Tensor gram = at::empty({rows.batch, rows.width, rows.width}, options),
               cross = at::empty({rows.batch, channels, rows.width}, options),
               distance = at::empty({rows.batch, nodes}, options);
  const float *w = weight.data_ptr<float>(), *padded_w = padded_weight.data_ptr<float>();
  float *g = gram.data_ptr<float>(), *x = cross.data_ptr<float>(), *d = distance.data_ptr<float>();
  const int64_t g_size = rows.width * rows.width, x_size = channels * rows.width;
  at::parallel_for(0, rows.batch, 1, [&](int64_t begin, int64_t end) {
    const size_t size = static_cast<size_t>(rows.pixels * rows.width);
    std::vector<float> a(size), weighted(rows.weight.defined() ? size : 0);
    for (int64_t b = begin; b < end; ++b) {
      rows.unpack_row(b, a.data());
      const float *left = a.data(), *by = rows.weight_of(b);
      if (by) {
        for (int64_t p = 0; p < rows.pixels; ++p)
          for (int64_t i = 0; i < rows.width; ++i)
            weighted[static_cast<size_t>(p * rows.width + i)] =
                by[p] * a[static_cast<size_t>(p * rows.width + i)];
        left = weighted.data();
      }
      upper_gram_of(left, a.data(), rows.pixels, rows.width, g + b * g_size);
      const float square =
          cross_of(rows.residual_of(b), by, a.data(), rows.pixels, channels, rows.width, x + b * x_size);
      std::fill(d + b * nodes, d + (b + 1) * nodes, square);
    }
  });
  // Rows of a small batch are shared out in pieces.
  const int64_t tasks = 2 * at::get_num_threads(), some = std::max<int64_t>(1, rows.batch);
  const int64_t pieces = std::min(nodes, (tasks + some - 1) / some);
  at::parallel_for(0, rows.batch * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t b = i / pieces, piece = i % pieces;
      forms_of(padded_w, x + b * x_size, g + b * g_size, piece * nodes / pieces, (piece + 1) * nodes / pieces,
               channels, rows.width, d + b * nodes);
    }
  });
  few = std::min(few, nodes);
  at::parallel_for(0, rows.batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> a(static_cast<size_t>(rows.pixels * rows.width)), exact(static_cast<size_t>(few));
    std::vector<int64_t> order(static_cast<size_t>(nodes));
    for (int64_t b = begin; b < end; ++b) {
      rows.unpack_row(b, a.data());
      float* row = d + b * nodes;
      std::iota(order.begin(), order.end(), int64_t{0});
      std::partial_sort(order.begin(), order.begin() + few, order.end(),
                        [&](int64_t i, int64_t j) { return row[i] < row[j] || (row[i] == row[j] && i < j); });
      float most = 0;
      for (int64_t m = 0; m < few; ++m) {
        const float measured =
            distance_of(w + order[static_cast<size_t>(m)] * channels * inner, rows.residual_of(b),
                        rows.weight_of(b), a.data(), rows.pixels, channels, inner, rows.width);
        exact[static_cast<size_t>(m)] = measured;
        most = std::max(most, measured);
      }
      // No other candidate may fall below one of the few by rounding alone.
      for (int64_t k = 0; k < nodes; ++k) row[k] = std::max(row[k], most);
      for (int64_t m = 0; m < few; ++m) row[order[static_cast<size_t>(m)]] = exact[static_cast<size_t>(m)];
    }
  });
  return distance;
}

Tensor distances_directly(const Tensor& features, const Tensor& given_weight, const Tensor& residual,
                          const Tensor& pixel_weight) {
  constexpr int64_t kColumns = 2 * kLane;
  const Tensor weight = given_weight.contiguous();
  const int64_t nodes = weight.size(0), channels = weight.size(1), inner = weight.size(2);
  const Rows rows(features, inner, residual, pixel_weight);
  const Tensor distance = at::empty({rows.batch, nodes}, at::TensorOptions().dtype(torch::kFloat32));
  const float* w = weight.data_ptr<float>();
  float* d = distance.data_ptr<float>();
  // Small maps stand side by side, so that the columns are full.
  const int64_t together = std::max<int64_t>(1, kColumns / rows.pixels),
                groups = (rows.batch + together - 1) / together;
  at::parallel_for(0, groups, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> a(static_cast<size_t>(together * rows.pixels * rows.width));
    std::vector<float> turned(static_cast<size_t>(inner * kColumns)),
        left(static_cast<size_t>(channels * kColumns)), by(static_cast<size_t>(kColumns)),
        measured(static_cast<size_t>(nodes * kColumns));
    for (int64_t group = begin; group < end; ++group) {
      const int64_t first = group * together, count = std::min(together, rows.batch - first),
                    columns = count * rows.pixels;
      for (int64_t b = 0; b < count; ++b) rows.unpack_row(first + b, a.data() + b * rows.pixels * rows.width);
      std::fill(d + first * nodes, d + (first + count) * nodes, 0.0f);
      for (int64_t at = 0; at < columns; at += kColumns) {
        const int64_t full = std::min(kColumns, columns - at);
        for (int64_t j = 0; j < kColumns; ++j) {
          const int64_t column = at + j, b = column / rows.pixels, p = column % rows.pixels;
          const bool there = j < full;
          const float* from = a.data() + column * rows.width;
          for (int64_t i = 0; i < inner; ++i)
            turned[static_cast<size_t>(i * kColumns + j)] = there ? from[i] : 0;
          for (int64_t c = 0; c < channels; ++c)
            left[static_cast<size_t>(c * kColumns + j)] =
                there ? rows.residual_of(first + b)[c * rows.pixels + p] : 0;
          const float* weights = there ? rows.weight_of(first + b) : nullptr;
          by[static_cast<size_t>(j)] = !there ? 0 : weights ? weights[p] : 1;
        }
        measured_columns(w, turned.data(), left.data(), by.data(), nodes, channels, inner, measured.data());
        for (int64_t j = 0; j < full;) {
          // The columns of one row.
          const int64_t b = (at + j) / rows.pixels, stop = std::min(full, (b + 1) * rows.pixels - at);
          float* row = d + (first + b) * nodes;
          for (int64_t k = 0; k < nodes; ++k) {
            float sum = 0;
            for (int64_t i = j; i < stop; ++i) sum += measured[static_cast<size_t>(k * kColumns + i)];
            row[k] += sum;
          }
          j = stop;
        }
      }
    }
  });
  return distance;
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

#include "steer/ddn/candidate_kernels.h"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

#include "steer/core/kernels.h"

namespace steer::kernels {
namespace {

typedef float Lane __attribute__((vector_size(kLane * sizeof(float)), aligned(4)));

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

}  // namespace

template <class T>
STEER_KERNEL void unpack(const T* from, int64_t pixels, int64_t stride, int64_t inner, int64_t width,
                         float* to) {
  for (int64_t p = 0; p < pixels; ++p, from += stride, to += width) {
    for (int64_t i = 0; i < inner; ++i) to[i] = load(from + i);
    for (int64_t i = inner; i < width; ++i) to[i] = 0;
  }
}
template void unpack(const float*, int64_t, int64_t, int64_t, int64_t, float*);
template void unpack(const c10::BFloat16*, int64_t, int64_t, int64_t, int64_t, float*);

void weigh_pixels(const float* a, const float* weight, int64_t pixels, int64_t width, float* to) {
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t i = 0; i < width; ++i) to[p * width + i] = weight[p] * a[p * width + i];
}

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

void measure_nearest(const float* w, const MeasuredRow& row, int64_t nodes, int64_t few, float* distance) {
  std::vector<int64_t> order(static_cast<size_t>(nodes));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::partial_sort(order.begin(), order.begin() + few, order.end(), [&](int64_t i, int64_t j) {
    return distance[i] < distance[j] || (distance[i] == distance[j] && i < j);
  });
  order.resize(static_cast<size_t>(few));
  std::vector<float> exact;
  float most = 0;
  for (const int64_t k : order) {
    exact.push_back(distance_of(w + k * row.channels * row.inner, row.residual, row.pixel_weight, row.a,
                                row.pixels, row.channels, row.inner, row.width));
    most = std::max(most, exact.back());
  }
  for (int64_t k = 0; k < nodes; ++k) distance[k] = std::max(distance[k], most);
  for (size_t m = 0; m < order.size(); ++m) distance[order[m]] = exact[m];
}

int64_t columns_room(int64_t nodes, int64_t channels, int64_t inner) {
  return (inner + channels + 1 + nodes) * kColumns;
}

void measure_columns(const float* w, const MeasuredRow& rows, int64_t count, bool own_weights, int64_t nodes,
                     float* room, float* distance) {
  float *turned = room, *left = turned + rows.inner * kColumns, *by = left + rows.channels * kColumns,
        *measured = by + kColumns;
  const int64_t columns = count * rows.pixels;
  std::fill(distance, distance + count * nodes, 0.0f);
  for (int64_t at = 0; at < columns; at += kColumns) {
    const int64_t full = std::min(kColumns, columns - at);
    for (int64_t j = 0; j < kColumns; ++j) {
      const int64_t column = at + j, b = column / rows.pixels, p = column % rows.pixels;
      const bool there = j < full;
      const float* from = rows.a + column * rows.width;
      for (int64_t i = 0; i < rows.inner; ++i) turned[i * kColumns + j] = there ? from[i] : 0;
      for (int64_t c = 0; c < rows.channels; ++c)
        left[c * kColumns + j] = there ? rows.residual[(b * rows.channels + c) * rows.pixels + p] : 0;
      const int64_t weighted = own_weights ? column : p;
      by[j] = !there ? 0 : rows.pixel_weight ? rows.pixel_weight[weighted] : 1;
    }
    measured_columns(w, turned, left, by, nodes, rows.channels, rows.inner, measured);
    for (int64_t j = 0; j < full;) {
      // The columns of one row.
      const int64_t b = (at + j) / rows.pixels, stop = std::min(full, (b + 1) * rows.pixels - at);
      for (int64_t k = 0; k < nodes; ++k) {
        float sum = 0;
        for (int64_t i = j; i < stop; ++i) sum += measured[k * kColumns + i];
        distance[b * nodes + k] += sum;
      }
      j = stop;
    }
  }
}

}  // namespace steer::kernels

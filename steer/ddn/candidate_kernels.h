// The loops behind the distances of candidates. Pixels stand one after the other as float rows of `width`
// values, of which the first `inner` are features and the rest zeros; width is a multiple of kLane.
#pragma once

#include <cstdint>

namespace steer::kernels {

constexpr int64_t kLane = 16;
constexpr int64_t kColumns = 2 * kLane;  // pixels measured at once

// The first `inner` channels of pixels with `stride` channels, float or c10::BFloat16.
template <class T>
void unpack(const T* from, int64_t pixels, int64_t stride, int64_t inner, int64_t width, float* to);

// to[p] = weight[p] a[p] for each pixel.
void weigh_pixels(const float* a, const float* weight, int64_t pixels, int64_t width, float* to);

// The upper triangle of gram [width, width] = sum_p left[p] a[p]^T, in tiles, with each value that stands for
// two doubled and zeros below the diagonal: w^T G w = sum_j w_j sum_{i <= j} G_ij w_i.
void upper_gram_of(const float* left, const float* a, int64_t pixels, int64_t width, float* gram);

// cross[c][j] = sum_p weight[p] r[c][p] a[p][j]; returns sum weight |r|^2. A null weight is 1.
float cross_of(const float* r, const float* weight, const float* a, int64_t pixels, int64_t channels,
               int64_t width, float* cross);

// distance[k] += w_k^T G w_k + 2 w_k cross for nodes `first` to `last`; w [K, channels, width], cross
// [channels, width].
void forms_of(const float* w, const float* cross, const float* gram, int64_t first, int64_t last,
              int64_t channels, int64_t width, float* distance);

// What |w a + r|^2 asks of a row of maps: a [pixels, width], residual [channels, pixels], and how many times
// each pixel counts (null: once).
struct MeasuredRow {
  const float *a, *residual, *pixel_weight;
  int64_t pixels, channels, inner, width;
};

// Measures the `few` nearest of the distances [K] again, directly, with nodes w [K, channels, inner]. No
// other comes to stand below one of the few by rounding alone.
void measure_nearest(const float* w, const MeasuredRow& row, int64_t nodes, int64_t few, float* distance);

// The distances [count, K] of `count` rows that follow each other in memory, from `rows` on; with
// `own_weights` the pixel weights do so too, otherwise all rows share them. Small maps stand side by side, so
// that the columns are full. `room` is for columns_room values.
void measure_columns(const float* w, const MeasuredRow& rows, int64_t count, bool own_weights, int64_t nodes,
                     float* room, float* distance);
int64_t columns_room(int64_t nodes, int64_t channels, int64_t inner);

}  // namespace steer::kernels

#include "steer/codes/prior_kernels.h"

#include "steer/core/kernels.h"

namespace steer {

STEER_KERNEL void integer_products(const int16_t* weight, const int16_t* x, const int32_t* offset,
                                   int64_t rows, int64_t width, int32_t* to) {
  for (int64_t k = 0; k < rows; ++k) {
    const int16_t* row = weight + k * width;
    int32_t sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += static_cast<int32_t>(row[i]) * static_cast<int32_t>(x[i]);
    to[k] = offset[k] + sum;
  }
}

STEER_KERNEL void clipped_units(const int32_t* sum, const int16_t* bias, int64_t width, int16_t* to) {
  for (int64_t i = 0; i < width; ++i) {
    const int32_t value = (sum[i] + bias[i] + 2) >> 2;
    to[i] = static_cast<int16_t>(value < 0 ? 0 : (value > 4095 ? 4095 : value));
  }
}

STEER_KERNEL void add_row(const int16_t* row, int64_t width, int32_t* sum) {
  for (int64_t i = 0; i < width; ++i) sum[i] += row[i];
}

}  // namespace steer

// The integer arithmetic behind Prior: exact, so that every processor gives the same numbers.
#pragma once

#include <cstdint>

namespace steer {

// to[k] = offset[k] + sum_i weight[k, i] x[i] for k < rows; the caller knows that no sum leaves 32 bits.
void integer_products(const int16_t* weight, const int16_t* x, const int32_t* offset, int64_t rows,
                      int64_t width, int32_t* to);

// to[i] = ((sum[i] + bias[i]) / 4, rounded to nearest) held within [0, 4095].
void clipped_units(const int32_t* sum, const int16_t* bias, int64_t width, int16_t* to);

// sum[i] += row[i].
void add_row(const int16_t* row, int64_t width, int32_t* sum);

}  // namespace steer

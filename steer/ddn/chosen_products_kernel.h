// The loops behind chosen_products, over one image; T is float or c10::BFloat16.
#pragma once

#include <cstdint>

namespace steer::kernels {

// y[part][c][p] = sum_i w[c][i] h[p][part c' + i], where c' = `inner`.
template <class T>
void chosen_products(const T* h, const float* w, int64_t pixels, int64_t parts, int64_t channels,
                     int64_t inner, float* y);

// dh[p][part c' + i] = sum_c dy w[c][i]; dw[c][i] = sum over parts and pixels of dy h. `room` is for `inner`
// values.
template <class T>
void chosen_products_backward(const T* h, const float* w, const float* dy, int64_t pixels, int64_t parts,
                              int64_t channels, int64_t inner, T* dh, float* dw, float* room);

}  // namespace steer::kernels

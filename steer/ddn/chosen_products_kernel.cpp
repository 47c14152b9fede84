#include "steer/ddn/chosen_products_kernel.h"

#include <algorithm>

#include "steer/core/kernels.h"

namespace steer::kernels {

template <class T>
STEER_KERNEL void chosen_products(const T* h, const float* w, int64_t pixels, int64_t parts, int64_t channels,
                                  int64_t inner, float* y) {
  const int64_t stride = parts * inner;
  for (int64_t part = 0; part < parts; ++part)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p) {
        const T* row = h + p * stride + part * inner;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < inner; ++i) sum += w[c * inner + i] * load(row + i);
        y[(part * channels + c) * pixels + p] = sum;
      }
}
template void chosen_products(const float*, const float*, int64_t, int64_t, int64_t, int64_t, float*);
template void chosen_products(const c10::BFloat16*, const float*, int64_t, int64_t, int64_t, int64_t, float*);

template <class T>
STEER_KERNEL void chosen_products_backward(const T* __restrict h, const float* __restrict w,
                                           const float* __restrict dy, int64_t pixels, int64_t parts,
                                           int64_t channels, int64_t inner, T* __restrict dh,
                                           float* __restrict dw, float* __restrict row) {
  std::fill(dw, dw + channels * inner, 0.0f);
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t part = 0; part < parts; ++part, h += inner, dh += inner) {
      for (int64_t i = 0; i < inner; ++i) row[i] = 0;
      for (int64_t c = 0; c < channels; ++c) {
        const float g = dy[(part * channels + c) * pixels + p];
        for (int64_t i = 0; i < inner; ++i) {
          row[i] += g * w[c * inner + i];
          dw[c * inner + i] += g * load(h + i);
        }
      }
      for (int64_t i = 0; i < inner; ++i) store(dh + i, row[i]);
    }
}
template void chosen_products_backward(const float*, const float*, const float*, int64_t, int64_t, int64_t,
                                       int64_t, float*, float*, float*);
template void chosen_products_backward(const c10::BFloat16*, const float*, const float*, int64_t, int64_t,
                                       int64_t, int64_t, c10::BFloat16*, float*, float*);

}  // namespace steer::kernels

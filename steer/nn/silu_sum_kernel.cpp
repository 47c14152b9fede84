#include "steer/nn/silu_sum_kernel.h"

#include "steer/core/kernels.h"

namespace steer::kernels {

STEER_INLINE float silu(float z) {
  return z * sigmoid(z);
}
STEER_INLINE float slope(float z) {
  return silu_slope(z, sigmoid(z));
}

template <class T>
STEER_KERNEL void silu_sum(const T* a, const T* b, const T* c, int64_t count, int terms, T* __restrict y) {
  if (terms == 1)
    for (int64_t i = 0; i < count; ++i) store(y + i, silu(load(a + i)));
  else if (terms == 2)
    for (int64_t i = 0; i < count; ++i) store(y + i, silu(load(a + i)) + silu(load(b + i)));
  else
    for (int64_t i = 0; i < count; ++i)
      store(y + i, silu(load(a + i)) + silu(load(b + i)) + silu(load(c + i)));
}
template void silu_sum(const float*, const float*, const float*, int64_t, int, float*);
template void silu_sum(const c10::BFloat16*, const c10::BFloat16*, const c10::BFloat16*, int64_t, int,
                       c10::BFloat16*);

template <class T>
STEER_KERNEL void silu_gradient(const T* __restrict x, const T* __restrict dy, int64_t count,
                                T* __restrict dx) {
  for (int64_t i = 0; i < count; ++i) store(dx + i, load(dy + i) * slope(load(x + i)));
}
template void silu_gradient(const float*, const float*, int64_t, float*);
template void silu_gradient(const c10::BFloat16*, const c10::BFloat16*, int64_t, c10::BFloat16*);

}  // namespace steer::kernels

#include "steer/nn/adam_kernel.h"

#include "steer/core/kernels.h"

namespace steer::kernels {

STEER_KERNEL void adam_update(float* __restrict p, const float* __restrict g, float* __restrict m,
                              float* __restrict v, int64_t count, AdamFactors f) {
  for (int64_t i = 0; i < count; ++i) {
    m[i] += f.keep1 * (g[i] - m[i]);
    v[i] += f.keep2 * (g[i] * g[i] - v[i]);
    p[i] -= f.rate * m[i] / (__builtin_sqrtf(v[i]) * f.root + f.epsilon);
  }
}

}  // namespace steer::kernels

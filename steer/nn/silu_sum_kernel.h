// The loops behind silu_sum; T is float or c10::BFloat16.
#pragma once

#include <cstdint>

namespace steer::kernels {

// y = silu(a), with two `terms` silu(a) + silu(b), with three silu(a) + silu(b) + silu(c), of `count` values.
template <class T>
void silu_sum(const T* a, const T* b, const T* c, int64_t count, int terms, T* y);

// dx = dy silu'(x).
template <class T>
void silu_gradient(const T* x, const T* dy, int64_t count, T* dx);

}  // namespace steer::kernels

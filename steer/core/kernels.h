// Parts of hand-written processor kernels: run-time dispatch, loads and stores of both number types, and an
// exponential that vectorises. Kernels are loops over plain memory; they know nothing of tensors.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// A function or function template marked so is compiled for AVX-512, AVX2 and the base processor; the loader
// picks. Sanitizers do not support the mechanism, so their builds have the base version alone.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define STEER_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define STEER_KERNEL
#endif
#define STEER_INLINE static inline __attribute__((always_inline))

namespace steer::kernels {

STEER_INLINE float load(const float* from) {
  return *from;
}
STEER_INLINE float load(const c10::BFloat16* from) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(from->x) << 16);
}

STEER_INLINE void store(float* to, float value) {
  *to = value;
}
// Rounds to nearest, ties to even; not-a-number stays so.
STEER_INLINE void store(c10::BFloat16* to, float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  to->x = static_cast<uint16_t>(value != value ? 0x7FC0u : rounded);
}

// e^x for finite x, relative error below 2e-7; the argument is held within [-87, 87].
STEER_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : (x > 87.0f ? 87.0f : x);
  const float n = __builtin_floorf(x * 1.44269504f + 0.5f);
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * __builtin_bit_cast(float, (static_cast<int32_t>(n) + 127) << 23);
}

STEER_INLINE float sigmoid(float x) {
  return 1.0f / (1.0f + exponential(-x));
}

// The slope of z sigmoid(z) at z, given s = sigmoid(z).
STEER_INLINE float silu_slope(float z, float s) {
  return s * (1.0f + z * (1.0f - s));
}

}  // namespace steer::kernels

#include "steer/nn/token_kernels.h"

#include "steer/core/kernels.h"

namespace steer::kernels {
namespace {

// Sums run in so many lanes side by side, whose order does not depend on the processor.
constexpr int64_t kLanes = 16;

struct Lanes {
  float part[kLanes] = {};
};

STEER_INLINE float sum_of(const Lanes& lanes) {
  float sum = 0;
  for (int64_t j = 0; j < kLanes; ++j) sum += lanes.part[j];
  return sum;
}

// Half a head's features beside the other half: (a, b) turned by an angle, or back with -1.
template <class T>
STEER_INLINE void turn(const T* __restrict from, int64_t half, const float* __restrict cos,
                       const float* __restrict sin, float way, T* __restrict to) {
  for (int64_t i = 0; i < half; ++i) {
    const float a = load(from + i), b = load(from + half + i), s = way * sin[i];
    store(to + i, a * cos[i] - b * s);
    store(to + half + i, a * s + b * cos[i]);
  }
}

template <class T>
STEER_INLINE void take(const T* __restrict from, int64_t count, T* __restrict to) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace

template <class T>
STEER_KERNEL void split_heads(const T* qkv, HeadSizes n, const float* cos, const float* sin, T* q, T* k,
                              T* v) {
  const int64_t half = n.size / 2;
  T* const to[3] = {q, k, v};
  for (int64_t t = 0; t < n.tokens; ++t)
    for (int64_t part = 0; part < 3; ++part)
      for (int64_t head = 0; head < n.heads; ++head) {
        const T* from = qkv + ((t * 3 + part) * n.heads + head) * n.size;
        T* out = to[part] + (head * n.tokens + t) * n.size;
        if (cos && part < 2)
          turn(from, half, cos + t * half, sin + t * half, 1.0f, out);
        else
          take(from, n.size, out);
      }
}
template void split_heads(const float*, HeadSizes, const float*, const float*, float*, float*, float*);
template void split_heads(const c10::BFloat16*, HeadSizes, const float*, const float*, c10::BFloat16*,
                          c10::BFloat16*, c10::BFloat16*);

template <class T>
STEER_KERNEL void joined_heads(const T* dq, const T* dk, const T* dv, HeadSizes n, const float* cos,
                               const float* sin, T* qkv) {
  const int64_t half = n.size / 2;
  const T* const from[3] = {dq, dk, dv};
  for (int64_t t = 0; t < n.tokens; ++t)
    for (int64_t part = 0; part < 3; ++part)
      for (int64_t head = 0; head < n.heads; ++head) {
        const T* in = from[part] + (head * n.tokens + t) * n.size;
        T* out = qkv + ((t * 3 + part) * n.heads + head) * n.size;
        if (cos && part < 2)
          turn(in, half, cos + t * half, sin + t * half, -1.0f, out);
        else
          take(in, n.size, out);
      }
}
template void joined_heads(const float*, const float*, const float*, HeadSizes, const float*, const float*,
                           float*);
template void joined_heads(const c10::BFloat16*, const c10::BFloat16*, const c10::BFloat16*, HeadSizes,
                           const float*, const float*, c10::BFloat16*);

template <class T>
STEER_KERNEL RowMoments add_and_norm(const float* h, const T* y, const float* gate,
                                     const float* __restrict weight, const float* __restrict bias,
                                     const float* __restrict shift, const float* __restrict scale,
                                     int64_t width, double epsilon, float* sum, T* __restrict z) {
  if (y && gate)
    for (int64_t i = 0; i < width; ++i) sum[i] = h[i] + gate[i] * load(y + i);
  else if (y)
    for (int64_t i = 0; i < width; ++i) sum[i] = h[i] + load(y + i);
  const int64_t whole = width / kLanes * kLanes;
  Lanes first, second;
  for (int64_t i = 0; i < whole; i += kLanes)
    for (int64_t j = 0; j < kLanes; ++j) first.part[j] += sum[i + j];
  for (int64_t i = whole; i < width; ++i) first.part[i - whole] += sum[i];
  const float mean = sum_of(first) / static_cast<float>(width);
  for (int64_t i = 0; i < whole; i += kLanes)
    for (int64_t j = 0; j < kLanes; ++j) second.part[j] += (sum[i + j] - mean) * (sum[i + j] - mean);
  for (int64_t i = whole; i < width; ++i) second.part[i - whole] += (sum[i] - mean) * (sum[i] - mean);
  const float rstd =
      1.0f / __builtin_sqrtf(sum_of(second) / static_cast<float>(width) + static_cast<float>(epsilon));
  for (int64_t i = 0; i < width; ++i) {
    float a = (sum[i] - mean) * rstd * weight[i];
    if (bias) a += bias[i];
    if (scale) a = (1.0f + scale[i]) * a + shift[i];
    store(z + i, a);
  }
  return {mean, rstd};
}
template RowMoments add_and_norm(const float*, const float*, const float*, const float*, const float*,
                                 const float*, const float*, int64_t, double, float*, float*);
template RowMoments add_and_norm(const float*, const c10::BFloat16*, const float*, const float*, const float*,
                                 const float*, const float*, int64_t, double, float*, c10::BFloat16*);

template <class T>
STEER_KERNEL void add_and_norm_backward(const float* sum, const T* y, const float* gate,
                                        const float* __restrict weight, const float* __restrict bias,
                                        const float* __restrict scale, const float* dsum,
                                        const T* __restrict dz, RowMoments moments, int64_t width,
                                        float* __restrict dh, T* __restrict dy,
                                        const AddAndNormGradients& gradients) {
  const float mean = moments.mean, rstd = moments.rstd;
  float *dweight = gradients.dweight, *dbias = gradients.dbias, *dshift = gradients.dshift,
        *dscale = gradients.dscale, *dgate = gradients.dgate;
  // dh holds the gradient of the normed numbers until it is complete.
  for (int64_t i = 0; i < width; ++i) {
    const float n = (sum[i] - mean) * rstd, g = load(dz + i), da = scale ? g * (1.0f + scale[i]) : g;
    dweight[i] += da * n;
    dh[i] = da * weight[i];
  }
  if (dbias)
    for (int64_t i = 0; i < width; ++i) dbias[i] += scale ? load(dz + i) * (1.0f + scale[i]) : load(dz + i);
  if (scale)
    for (int64_t i = 0; i < width; ++i) {
      const float n = (sum[i] - mean) * rstd, g = load(dz + i);
      dshift[i] += g;
      dscale[i] += g * (n * weight[i] + (bias ? bias[i] : 0.0f));
    }
  Lanes first, second;
  const int64_t whole = width / kLanes * kLanes;
  for (int64_t i = 0; i < whole; i += kLanes)
    for (int64_t j = 0; j < kLanes; ++j) {
      first.part[j] += dh[i + j];
      second.part[j] += dh[i + j] * (sum[i + j] - mean);
    }
  for (int64_t i = whole; i < width; ++i) {
    first.part[i - whole] += dh[i];
    second.part[i - whole] += dh[i] * (sum[i] - mean);
  }
  const float m = sum_of(first) / static_cast<float>(width),
              c = sum_of(second) * rstd * rstd / static_cast<float>(width);
  for (int64_t i = 0; i < width; ++i)
    dh[i] = rstd * (dh[i] - m - (sum[i] - mean) * c) + (dsum ? dsum[i] : 0.0f);
  if (y && gate)
    for (int64_t i = 0; i < width; ++i) {
      dgate[i] += dh[i] * load(y + i);
      store(dy + i, dh[i] * gate[i]);
    }
  else if (y)
    for (int64_t i = 0; i < width; ++i) store(dy + i, dh[i]);
}
template void add_and_norm_backward(const float*, const float*, const float*, const float*, const float*,
                                    const float*, const float*, const float*, RowMoments, int64_t, float*,
                                    float*, const AddAndNormGradients&);
template void add_and_norm_backward(const float*, const c10::BFloat16*, const float*, const float*,
                                    const float*, const float*, const float*, const c10::BFloat16*,
                                    RowMoments, int64_t, float*, c10::BFloat16*, const AddAndNormGradients&);

}  // namespace steer::kernels

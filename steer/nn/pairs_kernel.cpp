#include "steer/nn/pairs_kernel.h"

#include <cmath>

#include "steer/core/kernels.h"

namespace steer::kernels {

STEER_KERNEL void pair_squares(const float* x, int64_t n, float* __restrict d) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      const float a = x[3 * i] - x[3 * j], b = x[3 * i + 1] - x[3 * j + 1], c = x[3 * i + 2] - x[3 * j + 2];
      *d++ = a * a + b * b + c * c;
    }
}

STEER_KERNEL void pair_squares_gradient(const float* x, const float* dd, int64_t n, float* __restrict dx) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      const float twice = 2 * *dd++;
      for (int64_t c = 0; c < 3; ++c) {
        const float pull = twice * (x[3 * i + c] - x[3 * j + c]);
        dx[3 * i + c] += pull, dx[3 * j + c] -= pull;
      }
    }
}

void moved_by_pairs(const float* x, const float* phi, float range, int64_t n, float* __restrict y) {
  for (int64_t i = 0; i < n; ++i) {
    float sum[3] = {0, 0, 0};
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      float r[3], square = kNearSquare;
      for (int64_t c = 0; c < 3; ++c) r[c] = x[3 * i + c] - x[3 * j + c], square += r[c] * r[c];
      const float step = range * std::tanh(*phi++) / (std::sqrt(square) + 1);
      for (int64_t c = 0; c < 3; ++c) sum[c] += step * r[c];
    }
    for (int64_t c = 0; c < 3; ++c) y[3 * i + c] = x[3 * i + c] + sum[c];
  }
}

void moved_by_pairs_gradient(const float* x, const float* phi, float range, const float* dy, int64_t n,
                             float* __restrict dx, float* __restrict dphi) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      float r[3], square = kNearSquare, along = 0;
      for (int64_t c = 0; c < 3; ++c) {
        r[c] = x[3 * i + c] - x[3 * j + c];
        square += r[c] * r[c], along += r[c] * dy[3 * i + c];
      }
      const float length = std::sqrt(square), t = std::tanh(*phi++), step = range * t / (length + 1);
      *dphi++ = range * (1 - t * t) * along / (length + 1);
      const float shrink = step * along / (length * (length + 1));
      for (int64_t c = 0; c < 3; ++c) {
        const float pull = step * dy[3 * i + c] - shrink * r[c];
        dx[3 * i + c] += pull, dx[3 * j + c] -= pull;
      }
    }
}

template <class T>
STEER_KERNEL void pair_silu(const T* p, const T* q, const float* d, const float* w, int64_t n, int64_t h,
                            int64_t k, T* __restrict u) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      const T *pi = p + i * h, *qj = q + j * h;
      const float d0 = d[0], d1 = k > 1 ? d[1] : 0.0f;
      const float *w0 = w, *w1 = k > 1 ? w + h : w;
#pragma omp simd
      for (int64_t f = 0; f < h; ++f) {
        const float z = load(pi + f) + load(qj + f) + d0 * w0[f] + d1 * w1[f];
        store(u + f, z * sigmoid(z));
      }
      d += k, u += h;
    }
}
template void pair_silu(const float*, const float*, const float*, const float*, int64_t, int64_t, int64_t,
                        float*);
template void pair_silu(const c10::BFloat16*, const c10::BFloat16*, const float*, const float*, int64_t,
                        int64_t, int64_t, c10::BFloat16*);

template <class T>
STEER_KERNEL void pair_silu_gradient(const T* p, const T* q, const float* d, const float* w, const T* du,
                                     int64_t n, int64_t h, int64_t k, float* __restrict dp,
                                     float* __restrict dq, float* __restrict dd, float* __restrict dw) {
  for (int64_t f = 0; f < n * h; ++f) dp[f] = 0.0f, dq[f] = 0.0f;
  float* const dw1 = k > 1 ? dw + h : dw;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      const T *pi = p + i * h, *qj = q + j * h;
      const float d0 = d[0], d1 = k > 1 ? d[1] : 0.0f;
      const float *w0 = w, *w1 = k > 1 ? w + h : w;
      float *dpi = dp + i * h, *dqj = dq + j * h, sum0 = 0.0f, sum1 = 0.0f;
#pragma omp simd reduction(+ : sum0, sum1)
      for (int64_t f = 0; f < h; ++f) {
        const float z = load(pi + f) + load(qj + f) + d0 * w0[f] + d1 * w1[f];
        const float dz = load(du + f) * silu_slope(z, sigmoid(z));
        dpi[f] += dz, dqj[f] += dz;
        sum0 += dz * w0[f], sum1 += dz * w1[f];
        dw[f] += dz * d0;
        dw1[f] += dz * d1;
      }
      dd[0] = sum0;
      if (k > 1) dd[1] = sum1;
      d += k, dd += k, du += h;
    }
}
template void pair_silu_gradient(const float*, const float*, const float*, const float*, const float*,
                                 int64_t, int64_t, int64_t, float*, float*, float*, float*);
template void pair_silu_gradient(const c10::BFloat16*, const c10::BFloat16*, const float*, const float*,
                                 const c10::BFloat16*, int64_t, int64_t, int64_t, float*, float*, float*,
                                 float*);

template <class T>
STEER_KERNEL void gated_sums(const T* v, const float* a, float c, int64_t n, int64_t h,
                             float* __restrict out) {
  constexpr int64_t kMost = 1024;
  float m[kMost];
  for (int64_t i = 0; i < n; ++i, out += h) {
    for (int64_t f = 0; f < h; ++f) out[f] = 0.0f;
    for (int64_t j = 1; j < n; ++j, v += h) {
      float sum = c;
#pragma omp simd reduction(+ : sum)
      for (int64_t f = 0; f < h; ++f) {
        const float z = load(v + f);
        m[f] = z * sigmoid(z);
        sum += m[f] * a[f];
      }
      const float gate = sigmoid(sum);
#pragma omp simd
      for (int64_t f = 0; f < h; ++f) out[f] += gate * m[f];
    }
  }
}
template void gated_sums(const float*, const float*, float, int64_t, int64_t, float*);
template void gated_sums(const c10::BFloat16*, const float*, float, int64_t, int64_t, float*);

template <class T>
STEER_KERNEL void gated_sums_gradient(const T* v, const float* a, float c, const float* dout, int64_t n,
                                      int64_t h, T* __restrict dv, float* __restrict da,
                                      float* __restrict dc) {
  constexpr int64_t kMost = 1024;
  float m[kMost], slope[kMost];
  for (int64_t i = 0; i < n; ++i, dout += h)
    for (int64_t j = 1; j < n; ++j, v += h, dv += h) {
      float sum = c, pull = 0.0f;
#pragma omp simd reduction(+ : sum, pull)
      for (int64_t f = 0; f < h; ++f) {
        const float z = load(v + f), s = sigmoid(z);
        m[f] = z * s, slope[f] = silu_slope(z, s);
        sum += m[f] * a[f], pull += m[f] * dout[f];
      }
      const float gate = sigmoid(sum), ds = pull * gate * (1.0f - gate);
#pragma omp simd
      for (int64_t f = 0; f < h; ++f) {
        store(dv + f, (dout[f] * gate + ds * a[f]) * slope[f]);
        da[f] += ds * m[f];
      }
      dc[0] += ds;
    }
}
template void gated_sums_gradient(const float*, const float*, float, const float*, int64_t, int64_t, float*,
                                  float*, float*);
template void gated_sums_gradient(const c10::BFloat16*, const float*, float, const float*, int64_t, int64_t,
                                  c10::BFloat16*, float*, float*);

template <class T>
STEER_KERNEL void silu_dot(const T* v, const float* w, int64_t count, int64_t h, float* __restrict out) {
  for (int64_t row = 0; row < count; ++row, v += h) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t f = 0; f < h; ++f) {
      const float z = load(v + f);
      sum += z * sigmoid(z) * w[f];
    }
    out[row] = sum;
  }
}
template void silu_dot(const float*, const float*, int64_t, int64_t, float*);
template void silu_dot(const c10::BFloat16*, const float*, int64_t, int64_t, float*);

template <class T>
STEER_KERNEL void silu_dot_gradient(const T* v, const float* w, const float* dout, int64_t count, int64_t h,
                                    T* __restrict dv, float* __restrict dw) {
  for (int64_t row = 0; row < count; ++row, v += h, dv += h) {
    const float g = dout[row];
#pragma omp simd
    for (int64_t f = 0; f < h; ++f) {
      const float z = load(v + f), s = sigmoid(z);
      store(dv + f, g * w[f] * silu_slope(z, s));
      dw[f] += g * z * s;
    }
  }
}
template void silu_dot_gradient(const float*, const float*, const float*, int64_t, int64_t, float*, float*);
template void silu_dot_gradient(const c10::BFloat16*, const float*, const float*, int64_t, int64_t,
                                c10::BFloat16*, float*);

}  // namespace steer::kernels

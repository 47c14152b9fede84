#include "steer/nn/layer_norm_maps_kernel.h"

#include <algorithm>
#include <cmath>

#include "steer/core/kernels.h"

namespace steer::kernels {
namespace {

// u of one image into `u`, and du / dz into `slope` unless it is null.
template <class T>
STEER_KERNEL void entering(const T* __restrict x, const float* __restrict offset, MapSizes n, bool silu,
                           float* __restrict u, float* __restrict slope) {
  for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, u += n.channels) {
    if (!silu)
      for (int64_t c = 0; c < n.channels; ++c) u[c] = load(x + c) + offset[c];
    else if (!slope)
      for (int64_t c = 0; c < n.channels; ++c) {
        const float z = load(x + c) + offset[c];
        u[c] = z * sigmoid(z);
      }
    else
      for (int64_t c = 0; c < n.channels; ++c) {
        const float z = load(x + c) + offset[c], s = sigmoid(z);
        u[c] = z * s;
        slope[p * n.channels + c] = silu_slope(z, s);
      }
  }
}

// Sums go in float32 over pieces of this many values and on in float64.
constexpr int64_t kPiece = 512;

STEER_KERNEL double sum_of(const float* u, int64_t count) {
  double total = 0;
  for (int64_t at = 0; at < count; at += kPiece) {
    const int64_t end = std::min(count, at + kPiece);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = at; i < end; ++i) sum += u[i];
    total += sum;
  }
  return total;
}

STEER_KERNEL double squared_deviations(const float* u, int64_t count, float mean) {
  double total = 0;
  for (int64_t at = 0; at < count; at += kPiece) {
    const int64_t end = std::min(count, at + kPiece);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = at; i < end; ++i) sum += (u[i] - mean) * (u[i] - mean);
    total += sum;
  }
  return total;
}

template <class T>
STEER_KERNEL void normalised(const float* __restrict u, const float* __restrict weight,
                             const float* __restrict bias, int64_t count, float mean, float rstd,
                             T* __restrict y) {
  for (int64_t i = 0; i < count; ++i) store(y + i, (u[i] - mean) * rstd * weight[i] + bias[i]);
}

struct Sums {
  double gradient, cross;
};

// With u in place: normalises it, puts dy weight into `g`, adds to the parameters' gradients, and sums g and
// g u.
template <class T>
STEER_KERNEL Sums gradient_sums(const T* __restrict dy, const float* __restrict weight, int64_t count,
                                float mean, float rstd, float* __restrict u, float* __restrict g,
                                float* __restrict dweight, float* __restrict dbias) {
  Sums total = {0, 0};
  for (int64_t at = 0; at < count; at += kPiece) {
    const int64_t end = std::min(count, at + kPiece);
    float sum = 0, cross = 0;
#pragma omp simd reduction(+ : sum, cross)
    for (int64_t i = at; i < end; ++i) {
      const float d = load(dy + i), normal = (u[i] - mean) * rstd;
      dweight[i] += d * normal;
      dbias[i] += d;
      u[i] = normal;
      g[i] = d * weight[i];
      sum += g[i];
      cross += g[i] * normal;
    }
    total.gradient += sum;
    total.cross += cross;
  }
  return total;
}

// dx = rstd (g - gradient - normal cross) slope, and its sum over pixels for each channel; a null slope is 1.
template <class T>
STEER_KERNEL void gradient(const float* __restrict normal, const float* __restrict g,
                           const float* __restrict slope, MapSizes n, float rstd, float mean_gradient,
                           float mean_cross, T* __restrict dx, float* __restrict doffset) {
  for (int64_t c = 0; c < n.channels; ++c) doffset[c] = 0;
  for (int64_t at = 0; at < n.values(); at += n.channels)
    if (slope)
      for (int64_t c = 0; c < n.channels; ++c) {
        const float d = rstd * (g[at + c] - mean_gradient - normal[at + c] * mean_cross) * slope[at + c];
        store(dx + at + c, d);
        doffset[c] += d;
      }
    else
      for (int64_t c = 0; c < n.channels; ++c) {
        const float d = rstd * (g[at + c] - mean_gradient - normal[at + c] * mean_cross);
        store(dx + at + c, d);
        doffset[c] += d;
      }
}

}  // namespace

template <class T>
MapMoments layer_norm_maps(const T* x, const float* offset, MapSizes n, bool silu, const float* weight,
                           const float* bias, double epsilon, T* y, float* room) {
  entering(x, offset, n, silu, room, nullptr);
  const double count = static_cast<double>(n.values());
  const float mean = static_cast<float>(sum_of(room, n.values()) / count);
  const double variance = squared_deviations(room, n.values(), mean) / count;
  const float rstd = static_cast<float>(1.0 / std::sqrt(variance + epsilon));
  normalised(room, weight, bias, n.values(), mean, rstd, y);
  return {mean, rstd};
}
template MapMoments layer_norm_maps(const float*, const float*, MapSizes, bool, const float*, const float*,
                                    double, float*, float*);
template MapMoments layer_norm_maps(const c10::BFloat16*, const float*, MapSizes, bool, const float*,
                                    const float*, double, c10::BFloat16*, float*);

template <class T>
void layer_norm_maps_backward(const T* x, const T* dy, const float* offset, MapSizes n, bool silu,
                              const float* weight, MapMoments moments, float* dweight, float* dbias, T* dx,
                              float* doffset, float* room) {
  float *u = room, *g = u + n.values(), *slope = silu ? g + n.values() : nullptr;
  const double count = static_cast<double>(n.values());
  entering(x, offset, n, silu, u, slope);
  const Sums sums = gradient_sums(dy, weight, n.values(), moments.mean, moments.rstd, u, g, dweight, dbias);
  gradient(u, g, slope, n, moments.rstd, static_cast<float>(sums.gradient / count),
           static_cast<float>(sums.cross / count), dx, doffset);
}
template void layer_norm_maps_backward(const float*, const float*, const float*, MapSizes, bool, const float*,
                                       MapMoments, float*, float*, float*, float*, float*);
template void layer_norm_maps_backward(const c10::BFloat16*, const c10::BFloat16*, const float*, MapSizes,
                                       bool, const float*, MapMoments, float*, float*, c10::BFloat16*, float*,
                                       float*);

}  // namespace steer::kernels

#include "steer/nn/group_norm_silu_kernel.h"

#include <algorithm>
#include <cmath>

#include "steer/core/kernels.h"

namespace steer::kernels {
namespace {

// Sums and sums of squares of each channel.
template <class T>
STEER_KERNEL void sums(const T* x, NormSizes n, float* sum, float* square) {
  for (int64_t c = 0; c < n.channels; ++c) sum[c] = square[c] = 0;
  for (int64_t p = 0; p < n.pixels; ++p, x += n.channels)
    for (int64_t c = 0; c < n.channels; ++c) {
      const float value = load(x + c);
      sum[c] += value;
      square[c] += value * value;
    }
}

// y = silu(scale x + shift), scale and shift per channel.
template <class T>
STEER_KERNEL void apply(const T* __restrict x, T* __restrict y, NormSizes n, const float* __restrict scale,
                        const float* __restrict shift) {
  for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, y += n.channels)
    for (int64_t c = 0; c < n.channels; ++c) {
      const float z = load(x + c) * scale[c] + shift[c];
      store(y + c, z * sigmoid(z));
    }
}

// dz = dy silu'(z) into `dz`, with its sum and its sum against x for each channel.
template <class T>
STEER_KERNEL void gradient_sums(const T* __restrict x, const T* __restrict dy, float* __restrict dz,
                                NormSizes n, const float* __restrict scale, const float* __restrict shift,
                                float* __restrict sum, float* __restrict cross) {
  for (int64_t c = 0; c < n.channels; ++c) sum[c] = cross[c] = 0;
  for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, dy += n.channels, dz += n.channels)
    for (int64_t c = 0; c < n.channels; ++c) {
      const float value = load(x + c), z = value * scale[c] + shift[c], s = sigmoid(z);
      const float gradient = load(dy + c) * silu_slope(z, s);
      dz[c] = gradient;
      sum[c] += gradient;
      cross[c] += gradient * value;
    }
}

// dx = scale dz + by_x x + constant, all per channel.
template <class T>
STEER_KERNEL void gradient(const T* __restrict x, const float* __restrict dz, T* __restrict dx, NormSizes n,
                           const float* __restrict scale, const float* __restrict by_x,
                           const float* __restrict constant) {
  for (int64_t p = 0; p < n.pixels; ++p, x += n.channels, dz += n.channels, dx += n.channels)
    for (int64_t c = 0; c < n.channels; ++c)
      store(dx + c, dz[c] * scale[c] + load(x + c) * by_x[c] + constant[c]);
}

// scale = w / std and shift = b + (offset - mean) scale of each channel, from the statistics of its group.
void affine(NormSizes n, const float* mean, const float* rstd, ChannelParameters parameters, float* scale,
            float* shift) {
  const int64_t each = n.channels / n.groups;
  for (int64_t c = 0; c < n.channels; ++c) {
    scale[c] = parameters.weight[c] * rstd[c / each];
    shift[c] =
        parameters.bias[c] + ((parameters.offset ? parameters.offset[c] : 0) - mean[c / each]) * scale[c];
  }
}

}  // namespace

template <class T>
void group_norm_silu(const T* x, T* y, NormSizes n, ChannelParameters parameters, double epsilon, float* mean,
                     float* rstd, float* plain_sum, float* room) {
  float *sum = room, *square = sum + n.channels, *scale = square + n.channels, *shift = scale + n.channels;
  const float* added = parameters.offset;
  const int64_t each = n.channels / n.groups;
  const double count = static_cast<double>(each * n.pixels);
  sums(x, n, sum, square);
  for (int64_t c = 0; added && c < n.channels; ++c) {
    const float pixels = static_cast<float>(n.pixels);
    plain_sum[c] = sum[c];
    square[c] += added[c] * (2 * sum[c] + pixels * added[c]);
    sum[c] += pixels * added[c];
  }
  for (int64_t g = 0; g < n.groups; ++g) {
    double total = 0, squares = 0;
    for (int64_t c = g * each; c < (g + 1) * each; ++c) total += sum[c], squares += square[c];
    const double average = total / count, variance = std::max(0.0, squares / count - average * average);
    mean[g] = static_cast<float>(average);
    rstd[g] = static_cast<float>(1.0 / std::sqrt(variance + epsilon));
  }
  affine(n, mean, rstd, parameters, scale, shift);
  apply(x, y, n, scale, shift);
}
template void group_norm_silu(const float*, float*, NormSizes, ChannelParameters, double, float*, float*,
                              float*, float*);
template void group_norm_silu(const c10::BFloat16*, c10::BFloat16*, NormSizes, ChannelParameters, double,
                              float*, float*, float*, float*);

template <class T>
void group_norm_silu_backward(const T* x, const T* dy, T* dx, NormSizes n, ChannelParameters parameters,
                              const float* mean, const float* rstd, float* dweight, float* dbias,
                              float* doffset, float* room) {
  float *scale = room, *shift = scale + n.channels, *sum = shift + n.channels, *cross = sum + n.channels;
  float *by_x = cross + n.channels, *constant = by_x + n.channels, *dz = constant + n.channels;
  const float* added = parameters.offset;
  const int64_t each = n.channels / n.groups;
  const float count = static_cast<float>(each * n.pixels);
  affine(n, mean, rstd, parameters, scale, shift);
  gradient_sums(x, dy, dz, n, scale, shift, sum, cross);
  for (int64_t c = 0; added && c < n.channels; ++c) cross[c] += added[c] * sum[c];
  for (int64_t g = 0; g < n.groups; ++g) {
    float first = 0, second = 0;  // sums over the group of w dz and of w dz (x - mean) / std
    for (int64_t c = g * each; c < (g + 1) * each; ++c) {
      const float centred = (cross[c] - mean[g] * sum[c]) * rstd[g];
      dweight[c] = centred;
      dbias[c] = sum[c];
      first += parameters.weight[c] * sum[c];
      second += parameters.weight[c] * centred;
    }
    for (int64_t c = g * each; c < (g + 1) * each; ++c) {
      by_x[c] = -rstd[g] * rstd[g] * second / count;
      constant[c] = -rstd[g] * first / count - mean[g] * by_x[c];
    }
  }
  for (int64_t c = 0; added && c < n.channels; ++c) {
    constant[c] += by_x[c] * added[c];
    doffset[c] = scale[c] * sum[c] + by_x[c] * doffset[c] + static_cast<float>(n.pixels) * constant[c];
  }
  gradient(x, dz, dx, n, scale, by_x, constant);
}
template void group_norm_silu_backward(const float*, const float*, float*, NormSizes, ChannelParameters,
                                       const float*, const float*, float*, float*, float*, float*);
template void group_norm_silu_backward(const c10::BFloat16*, const c10::BFloat16*, c10::BFloat16*, NormSizes,
                                       ChannelParameters, const float*, const float*, float*, float*, float*,
                                       float*);

}  // namespace steer::kernels

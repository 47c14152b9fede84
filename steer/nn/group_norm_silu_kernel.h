// The loops behind group_norm_silu, over one image of channels-last maps; T is float or c10::BFloat16.
#pragma once

#include <cstdint>

namespace steer::kernels {

struct NormSizes {
  int64_t pixels, channels, groups;
};

// What each channel of an image is multiplied with, gets added after and, unless `offset` is null, before the
// norm.
struct ChannelParameters {
  const float *weight, *bias, *offset;
};

// y = silu(group_norm(x + offset)). Also gives mean and 1/std of each group and, with an offset, the sum of x
// over each channel, which the way back asks for. `room` is for 4 x channels values.
template <class T>
void group_norm_silu(const T* x, T* y, NormSizes n, ChannelParameters parameters, double epsilon, float* mean,
                     float* rstd, float* plain_sum, float* room);

// Writes dx and the image's part of the gradients of weight and bias [channels]; with an offset also its
// gradient, in the place of the sums of x that `doffset` holds before. `room` is for (pixels + 6) x channels
// values.
template <class T>
void group_norm_silu_backward(const T* x, const T* dy, T* dx, NormSizes n, ChannelParameters parameters,
                              const float* mean, const float* rstd, float* dweight, float* dbias,
                              float* doffset, float* room);

}  // namespace steer::kernels

// The loops behind layer_norm_maps, over one image of channels-last maps; T is float or c10::BFloat16.
#pragma once

#include <cstdint>

namespace steer::kernels {

struct MapSizes {
  int64_t pixels, channels;
  int64_t values() const { return pixels * channels; }
};

struct MapMoments {
  float mean, rstd;  // rstd: 1 / sqrt(variance + epsilon)
};

// y = layer_norm(u) weight + bias over all values, u = silu(x + offset) or x + offset; weight and bias
// [pixels, channels], offset [channels]. Gives the moments of u. `room` is for as many values as x has.
template <class T>
MapMoments layer_norm_maps(const T* x, const float* offset, MapSizes n, bool silu, const float* weight,
                           const float* bias, double epsilon, T* y, float* room);

// Writes dx and doffset [channels], and adds to dweight and dbias [pixels, channels]. `room` is for twice as
// many values as x has, with `silu` for three times as many.
template <class T>
void layer_norm_maps_backward(const T* x, const T* dy, const float* offset, MapSizes n, bool silu,
                              const float* weight, MapMoments moments, float* dweight, float* dbias, T* dx,
                              float* doffset, float* room);

}  // namespace steer::kernels

// The loops behind fused operations of transformers; T is float or c10::BFloat16.
#pragma once

#include <cstdint>

namespace steer::kernels {

// The sizes of projected tokens: heads of `size` features, even.
struct HeadSizes {
  int64_t tokens, heads, size;
};

// One text: queries, keys and values of one projection, from [tokens, 3, heads, size] to three of [heads,
// tokens, size], queries and keys turned by the cosines and sines of their places, [tokens, size / 2] each;
// null: not turned.
template <class T>
void split_heads(const T* qkv, HeadSizes n, const float* cos, const float* sin, T* q, T* k, T* v);

// The way back of gradients: from three of [heads, tokens, size] to [tokens, 3, heads, size], turned back.
template <class T>
void joined_heads(const T* dq, const T* dk, const T* dv, HeadSizes n, const float* cos, const float* sin,
                  T* qkv);

struct RowMoments {
  float mean, rstd;  // rstd: 1 / sqrt(variance + epsilon)
};

// One token of `width` features: sum = h + gate * y, where y is not null (gate null: 1), and z = (1 + scale)
// * (norm(sum) * weight + bias) + shift (bias, scale and shift may be null). sum may be h.
template <class T>
RowMoments add_and_norm(const float* h, const T* y, const float* gate, const float* weight, const float* bias,
                        const float* shift, const float* scale, int64_t width, double epsilon, float* sum,
                        T* z);

// Gradients of the same: of sum `dsum` (null: 0) and of z; adds to those of what is given for all tokens and
// writes dh and, where y is not null, dy. Those of what is null are not touched.
struct AddAndNormGradients {
  float *dweight, *dbias, *dshift, *dscale, *dgate;
};
template <class T>
void add_and_norm_backward(const float* sum, const T* y, const float* gate, const float* weight,
                           const float* bias, const float* scale, const float* dsum, const T* dz,
                           RowMoments moments, int64_t width, float* dh, T* dy,
                           const AddAndNormGradients& gradients);

}  // namespace steer::kernels

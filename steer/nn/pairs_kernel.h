// The loops behind pairs.h, each over one molecule of n atoms and its n (n - 1) ordered pairs; T is float or
// c10::BFloat16. H is the number of features.
#pragma once

#include <cstdint>

namespace steer::kernels {

// What keeps the length of a pair away from 0: it is sqrt(|x_i - x_j|^2 + this).
constexpr float kNearSquare = 1e-8f;

// |x_i - x_j|^2 of each pair; and, given dd of each, dx [n, 3] is added to.
void pair_squares(const float* x, int64_t n, float* d);
void pair_squares_gradient(const float* x, const float* dd, int64_t n, float* dx);

// y_i = x_i + the sum over j of range tanh(phi_ij) (x_i - x_j) / (length + 1); and, given dy [n, 3], dphi is
// written and what reaches x through the pairs is added to dx.
void moved_by_pairs(const float* x, const float* phi, float range, int64_t n, float* y);
void moved_by_pairs_gradient(const float* x, const float* phi, float range, const float* dy, int64_t n,
                             float* dx, float* dphi);

// Pair (i, j) gets silu(p_i + q_j + d w), with k numbers d for each pair and w [k, H].
template <class T>
void pair_silu(const T* p, const T* q, const float* d, const float* w, int64_t n, int64_t h, int64_t k, T* u);

// Of the above, given du: dp, dq [n, H] and dd [pairs, k] are written, dw [k, H] is added to.
template <class T>
void pair_silu_gradient(const T* p, const T* q, const float* d, const float* w, const T* du, int64_t n,
                        int64_t h, int64_t k, float* dp, float* dq, float* dd, float* dw);

// out_i = sum over j of sigmoid(m a + c) m, m = silu(v).
template <class T>
void gated_sums(const T* v, const float* a, float c, int64_t n, int64_t h, float* out);

// Of the above, given dout [n, H]: dv [pairs, H] is written, da [H] and dc [1] are added to.
template <class T>
void gated_sums_gradient(const T* v, const float* a, float c, const float* dout, int64_t n, int64_t h, T* dv,
                         float* da, float* dc);

// out = silu(v) w of each of `count` rows.
template <class T>
void silu_dot(const T* v, const float* w, int64_t count, int64_t h, float* out);

// Of the above, given dout [count]: dv [count, H] is written, dw [H] is added to.
template <class T>
void silu_dot_gradient(const T* v, const float* w, const float* dout, int64_t count, int64_t h, T* dv,
                       float* dw);

}  // namespace steer::kernels

#include "steer/sound/frame_power_kernel.h"

#include "steer/core/kernels.h"

namespace steer::kernels {
namespace {

constexpr int64_t kLanes = kFrameLanes;
constexpr int64_t kNumber =
    2 * kLanes;               // floats of a complex number of all frames: real, then imaginary parts
constexpr int64_t kTurn = 6;  // floats of the turns of one step of radix 4

// The Fourier transform of four numbers, its results 1 to 3 turned.
STEER_INLINE void turned_step(float* __restrict a, float* __restrict b, float* __restrict c,
                              float* __restrict d, const float* turn) {
  const float c1 = turn[0], s1 = turn[1], c2 = turn[2], s2 = turn[3], c3 = turn[4], s3 = turn[5];
  for (int64_t l = 0; l < kLanes; ++l) {
    const float pr = a[l] + c[l], pi = a[kLanes + l] + c[kLanes + l];
    const float mr = a[l] - c[l], mi = a[kLanes + l] - c[kLanes + l];
    const float qr = b[l] + d[l], qi = b[kLanes + l] + d[kLanes + l];
    const float nr = b[l] - d[l], ni = b[kLanes + l] - d[kLanes + l];
    const float ur = mr + ni, ui = mi - nr, vr = pr - qr, vi = pi - qi, wr = mr - ni, wi = mi + nr;
    a[l] = pr + qr, a[kLanes + l] = pi + qi;
    b[l] = ur * c1 - ui * s1, b[kLanes + l] = ur * s1 + ui * c1;
    c[l] = vr * c2 - vi * s2, c[kLanes + l] = vr * s2 + vi * c2;
    d[l] = wr * c3 - wi * s3, d[kLanes + l] = wr * s3 + wi * c3;
  }
}

// The same of four numbers side by side, without turns.
STEER_INLINE void plain_step(float* __restrict z) {
  for (int64_t l = 0; l < kLanes; ++l) {
    float *a = z + l, *b = a + kNumber, *c = b + kNumber, *d = c + kNumber;
    const float pr = a[0] + c[0], pi = a[kLanes] + c[kLanes];
    const float mr = a[0] - c[0], mi = a[kLanes] - c[kLanes];
    const float qr = b[0] + d[0], qi = b[kLanes] + d[kLanes];
    const float nr = b[0] - d[0], ni = b[kLanes] - d[kLanes];
    a[0] = pr + qr, a[kLanes] = pi + qi;
    b[0] = mr + ni, b[kLanes] = mi - nr;
    c[0] = pr - qr, c[kLanes] = pi - qi;
    d[0] = mr - ni, d[kLanes] = mi + nr;
  }
}

// Of two numbers side by side.
STEER_INLINE void pair_step(float* __restrict z) {
  for (int64_t l = 0; l < kNumber; ++l) {
    const float a = z[l], b = z[kNumber + l];
    z[l] = a + b, z[kNumber + l] = a - b;
  }
}

// One step of a block of `size` numbers, which leaves four blocks of a quarter.
STEER_INLINE void block_step(float* z, int64_t size, const float* turn) {
  if (size == 2) return pair_step(z);
  if (size == 4) return plain_step(z);
  const int64_t quarter = size / 4 * kNumber;
  for (const float* end = z + quarter; z < end; z += kNumber, turn += kTurn)
    turned_step(z, z + quarter, z + 2 * quarter, z + 3 * quarter, turn);
}

// Of columns hop samples [columns][hop] the stretches side by side: [hop][columns].
STEER_INLINE void side_by_side(const float* __restrict sound, int64_t hop, int64_t columns,
                               float* __restrict out) {
  for (int64_t i = 0; i < hop; ++i, out += columns) {
    for (int64_t c = 0; c < kLanes; ++c) out[c] = sound[c * hop + i];
    for (int64_t c = kLanes; c < columns; ++c) out[c] = sound[c * hop + i];
  }
}

// Samples 2 j and 2 j + 1 of all frames, weighted, as a complex number.
STEER_INLINE void weighted_number(const float* __restrict samples, const FramePlan& p, int64_t j,
                                  float* __restrict z) {
  const float *x = samples + p.sample[2 * j], *y = samples + p.sample[2 * j + 1];
  const float u = p.weight[2 * j], v = p.weight[2 * j + 1];
  for (int64_t l = 0; l < kLanes; ++l) z[l] = x[l] * u;
  for (int64_t l = 0; l < kLanes; ++l) z[kLanes + l] = y[l] * v;
}

// Takes the samples up and does the first step.
STEER_INLINE void first_step(const float* __restrict samples, const FramePlan& p, float* __restrict z) {
  const int64_t quarter = p.window / 8, step = quarter * kNumber;
  for (int64_t j = 0; j < quarter; ++j, z += kNumber) {
    for (int64_t q = 0; q < 4; ++q) weighted_number(samples, p, j + q * quarter, z + q * step);
    turned_step(z, z + step, z + 2 * step, z + 3 * step, p.turns + j * kTurn);
  }
}

// All steps but the first, block after block, each to its end, so that what is worked on stays near.
STEER_INLINE void later_steps(const FramePlan& p, float* __restrict z) {
  const int64_t half = p.window / 2, quarter = half / 4;
  int64_t least = quarter;
  while (least > 4) least /= 4;
  for (int64_t at = 0; at < half; at += least) {
    const float* turn = p.turns + quarter * kTurn;
    for (int64_t size = quarter; size >= least; turn += size / 4 * kTurn, size /= 4)
      if ((at & (size - 1)) == 0) block_step(z + at * kNumber, size, turn);
  }
}

// |X_k|^2 and |X_(half - k)|^2 of the complex transform's results k and half - k.
STEER_INLINE void pair_power(const float* __restrict a, const float* __restrict b, const float* turn,
                             float* __restrict p, float* __restrict q) {
  const float c = turn[0], s = turn[1];
  for (int64_t l = 0; l < kLanes; ++l) {
    // Twice the transforms of the even and of the odd samples; the latter turned.
    const float er = a[l] + b[l], ei = a[kLanes + l] - b[kLanes + l];
    const float yr = a[kLanes + l] + b[kLanes + l], yi = b[l] - a[l];
    const float tr = yr * c - yi * s, ti = yr * s + yi * c;
    const float xr = er + tr, xi = ei + ti, wr = er - tr, wi = ei - ti;
    p[l] = 0.25f * (xr * xr + xi * xi), q[l] = 0.25f * (wr * wr + wi * wi);
  }
}

STEER_INLINE void all_power(const float* __restrict z, const FramePlan& p, float* __restrict power) {
  const int64_t half = p.window / 2;
  const float* middle = z + p.place[half / 2] * kNumber;
  for (int64_t l = 0; l < kLanes; ++l) {
    const float x = z[l] + z[kLanes + l], y = z[l] - z[kLanes + l];
    power[l] = x * x, power[half * kLanes + l] = y * y;
    power[half / 2 * kLanes + l] = middle[l] * middle[l] + middle[kLanes + l] * middle[kLanes + l];
  }
  for (int64_t k = 1; k < half / 2; ++k)
    pair_power(z + p.place[k] * kNumber, z + p.place[half - k] * kNumber, p.half_turn + 2 * k,
               power + k * kLanes, power + (half - k) * kLanes);
}

}  // namespace

int64_t frame_room(const FramePlan& plan) {
  return plan.window * kLanes + plan.hop * plan.columns;
}

STEER_KERNEL void frame_power(const float* sound, const FramePlan& plan, float* room, float* power) {
  float* samples = room + plan.window * kLanes;
  side_by_side(sound, plan.hop, plan.columns, samples);
  first_step(samples, plan, room);
  later_steps(plan, room);
  all_power(room, plan, power);
}

}  // namespace steer::kernels

#include "steer/sound/mel_kernel.h"

#include <algorithm>
#include <limits>

#include "steer/core/kernels.h"
#include "steer/sound/frame_power_kernel.h"

namespace steer::kernels {
namespace {

STEER_INLINE void band_sum(const float* __restrict entry, const float* __restrict values, int64_t entries,
                           float* __restrict sum) {
  constexpr int64_t kLanes = kFrameLanes;
  for (int64_t l = 0; l < kLanes; ++l) sum[l] = 0;
  for (int64_t i = 0; i < entries; i += kBandStep, values += kBandStep * kLanes) {
    const float a = entry[i], b = entry[i + 1], c = entry[i + 2], d = entry[i + 3];
    for (int64_t l = 0; l < kLanes; ++l)
      sum[l] += (a * values[l] + b * values[kLanes + l]) +
                (c * values[2 * kLanes + l] + d * values[3 * kLanes + l]);
  }
}

// log2(x) of a normal number above 0, to 2e-6 and the rounding of the result: ln m = 2 artanh(s) with
// s = (m - 1) / (m + 1) of the mantissa m in [sqrt(1/2), sqrt(2)], by its series.
STEER_INLINE float binary_logarithm(float x) {
  constexpr uint32_t kRootOfHalf = 0x3F3504F3;
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const int32_t exponent = static_cast<int32_t>(bits - kRootOfHalf) >> 23;
  const float m = __builtin_bit_cast(float, bits - (static_cast<uint32_t>(exponent) << 23));
  const float s = (m - 1) / (m + 1), t = s * s;
  constexpr float kTwoOverLn2 = 2.885390082f;
  const float series = kTwoOverLn2 * (1 + t * (1.0f / 3 + t * (1.0f / 5 + t * (1.0f / 7))));
  return static_cast<float>(exponent) + s * series;
}

}  // namespace

STEER_KERNEL void band_sums(const BandRows& filters, const float* values, int64_t frames, int64_t pitch,
                            float* sums) {
  for (int64_t r = 0; r < filters.bands; ++r, sums += pitch) {
    const int64_t begin = filters.begin[r];
    float sum[kFrameLanes];
    band_sum(filters.entry + begin, values + filters.column[r] * kFrameLanes, filters.begin[r + 1] - begin,
             sum);
    std::copy(sum, sum + frames, sums);
  }
}

STEER_KERNEL float largest_finite(const float* values, int64_t count) {
  float most = 0, faults = 0;
#pragma omp simd reduction(max : most) reduction(+ : faults)
  for (int64_t i = 0; i < count; ++i) {
    most = values[i] > most ? values[i] : most;
    faults += values[i] - values[i];
  }
  return faults == 0 ? most : std::numeric_limits<float>::quiet_NaN();
}

STEER_KERNEL void bytes_of_power(const float* values, int64_t count, float largest, float floor_db,
                                 uint8_t* bytes) {
  constexpr float kMost = 255, kDbOfTwo = 3.010299957f;
  const float scale = kDbOfTwo * kMost / -floor_db, top = binary_logarithm(largest);
  for (int64_t i = 0; i < count; ++i) {
    const float value = std::max(values[i], std::numeric_limits<float>::min());
    const float level = kMost + (binary_logarithm(value) - top) * scale;
    bytes[i] = static_cast<uint8_t>(static_cast<int32_t>(std::clamp(level, 0.0f, kMost) + 0.5f));
  }
}

}  // namespace steer::kernels

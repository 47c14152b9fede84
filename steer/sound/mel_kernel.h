// The loops behind MelSpectrogram: bands of power, and their levels as bytes.
#pragma once

#include <cstdint>

namespace steer::kernels {

// The filters of bands: band r has entries begin[r] to begin[r + 1], a multiple of kBandStep of them, for
// columns from column[r] on. The arrays are the caller's.
struct BandRows {
  int64_t bands = 0;
  const int32_t* column = nullptr;  // [bands]
  const int32_t* begin = nullptr;   // [bands + 1]
  const float* entry = nullptr;
};
constexpr int64_t kBandStep = 4;

// sums[r][f] = sum over c of entry[r][c] values[c][f] for the first `frames` of kFrameLanes frames; rows of
// `sums` are `pitch` apart.
void band_sums(const BandRows& filters, const float* values, int64_t frames, int64_t pitch, float* sums);

// The largest of values, at least 0; not a number if one of them is not finite.
float largest_finite(const float* values, int64_t count);

// floor(clip((dB - floor_db) 255 / -floor_db, 0, 255) + 0.5) for dB = 10 log10(value / largest), to 1e-5 dB;
// largest > 0, floor_db < 0.
void bytes_of_power(const float* values, int64_t count, float largest, float floor_db, uint8_t* bytes);

}  // namespace steer::kernels

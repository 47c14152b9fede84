// Mel spectrograms of sounds, their levels as bytes, and the way back.
#pragma once

#include <torch/types.h>

#include <memory>

#include "steer/sound/griffin_lim.h"
#include "steer/sound/mel_filters.h"

namespace steer {

using torch::Tensor;

// The bands of sounds, planned once for all of them. Row 0 of a spectrogram is the lowest band; frame t has
// its middle at sample t hop.
class MelSpectrogram {
 public:
  // Error as check(options), and for bands without a frequency (mel_filters).
  explicit MelSpectrogram(const MelOptions& options);

  const MelOptions& options() const;      // as given
  int64_t frames(int64_t samples) const;  // as stft_frames
  const Tensor& filters() const;          // float32 [bands, window / 2 + 1]

  // Sounds [N, T] -> power in bands, float32 [N, bands, frames]: sum over k of filter[k] |stft[k]|^2.
  // Differentiable. Errors for other shapes, for sounds shorter than a window, and for samples that are not
  // finite or so large that their power is not.
  Tensor forward(const Tensor& sound) const;

  // Sounds [N, T] -> uint8 [N, bands, frames]: level_bytes(power_levels(forward(sound), floor_db), floor_db).
  Tensor bytes(const Tensor& sound) const;

  // Power in bands [N, bands, frames] -> power of frequencies, float32 [N, window / 2 + 1, frames]: of those
  // whose bands are nearest the least one (least_nonnegative).
  Tensor inverse(const Tensor& power) const;

  // Bytes [N, bands, frames], or levels of any number type on their scale, as sounds [N, length]: griffin_lim
  // of inverse(). The loudest byte, 255, is power 1, since how loud the sound was is lost.
  Tensor sound(const Tensor& bytes, const GriffinLimOptions& options = {}, const Tensor& seeds = {},
               int64_t length = -1) const;

 private:
  struct Plan;
  std::shared_ptr<const Plan> plan_;
};

// Levels of power [N, ...], at least 0, in dB relative to the largest of its row, and at least floor_db:
// float32. A row whose largest is below 1e-30 is silence: floor_db everywhere. Error for power that is not
// finite.
Tensor power_levels(const Tensor& power, double floor_db = -80);

// 10^(dB / 10), float32.
Tensor power_of_levels(const Tensor& levels);

// Levels in dB as bytes, floor(clip((dB - floor_db) 255 / -floor_db, 0, 255) + 0.5), and back, float32:
// byte -floor_db / 255 + floor_db. The latter takes numbers between bytes, too: 127.5 is half of floor_db.
Tensor level_bytes(const Tensor& levels, double floor_db = -80);
Tensor byte_levels(const Tensor& bytes, double floor_db = -80);

}  // namespace steer

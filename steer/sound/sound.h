// What a sound is: samples of one or several channels at so many a second.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// The highest rate, in Hz: more does not fit into what libraries of sound take.
constexpr int64_t kMostSoundRate = (int64_t{1} << 31) - 1;

// A sound of C channels and T frames.
struct Sound {
  Tensor samples;    // float32 [C, T], finite; full scale is [-1, 1]
  int64_t rate = 0;  // frames for a second, in Hz, 1 to kMostSoundRate

  int64_t channels() const { return samples.size(0); }  // C
  int64_t frames() const { return samples.size(1); }    // T
  // How long it is.
  double seconds() const { return static_cast<double>(frames()) / static_cast<double>(rate); }
};

// The most samples, over all channels, that a sound is read, resampled or written with: 2 GiB of float32.
constexpr int64_t kMostSoundSamples = int64_t{1} << 29;

// Error "[WHAT] expected ..." unless a sound is as its fields say, with 1 to kMostSoundSamples samples.
void check_sound(const Sound& sound, const std::string& what);

// One channel: the mean of all. A sound of one channel is given back as it is. Error as check_sound.
Sound as_mono(const Sound& sound);

// Sounds of one rate and as many channels each, at least one, as one sound: a quarter of a second of silence
// between them.
Sound one_after_the_other(const std::vector<Sound>& sounds);

}  // namespace steer

// Sounds at another rate.
#pragma once

#include <cstdint>

#include "steer/sound/sound.h"

namespace steer {

// The most that a rate is multiplied or divided by.
constexpr int64_t kMostRateChange = 256;

// The sound at `rate` Hz, of round(frames rate / old rate) frames, the first at the same time as before: each
// channel through the windowed sinc of libsamplerate's best converter (Smith 1984, "A flexible sampling-rate
// conversion method"), with silence before and after it. Up to 0.9 of half the lower rate the level stays
// within 0.01 dB; above half of it nothing is left (-90 dB and below). At its own rate a sound is given back
// as it is. Samples may come out somewhat beyond full scale. Error as check_sound, for a change above
// kMostRateChange, and where no frame or more than kMostSoundSamples would be left.
Sound resampled(const Sound& sound, int64_t rate);

}  // namespace steer

// The space of sounds as waveforms: their samples, one after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/sound/sound.h"

namespace steer {

// What is said of waveforms beside their rate and length.
struct WaveOptions {
  double peak = 0;  // 0 to 1

  void fields(OptionFields& f) {
    f("peak", peak, "what the greatest sample of each sound becomes (0: as it is)", from_to(0, 1));
  }
};

// Waveforms [1, 1, samples] in [-1, 1], full scale, of one channel, at a rate in Hz. The space holds the rate
// and, where peak is not 0, in `alphabet` the options as JSON. Error for options outside their ranges.
Space wave_space(int64_t rate, int64_t samples, const WaveOptions& options = {});

// The options that a space holds. Error for spaces of another kind, and for what is no such text.
WaveOptions wave_options_of(const Space& space);

// Sounds as samples of a space: channels averaged, resampled to its rate, cut or filled up with silence to
// its length, then multiplied so that the greatest of what is left is its peak (silence stays silence),
// clamped to full scale. Without a peak a sound of one channel, the space's rate and length is given as it
// is.
State as_waves(const Space& space, const std::vector<Sound>& sounds);

// Samples [N, 1, 1, samples] as sounds, clamped to full scale.
std::vector<Sound> sounds_of_waves(const Space& space, const State& waves);

}  // namespace steer

// The space of blocks: pieces of one length that a sound is cut into, one after the other.
#pragma once

#include <cstdint>

#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/sound/sound.h"
#include "steer/sound/wave_space.h"

namespace steer {

// Blocks [samples] in [-1, 1], full scale, of one channel, at a rate in Hz. The space holds the rate and
// options as wave_space does. Error as there.
Space block_space(int64_t rate, int64_t samples, const WaveOptions& options = {});

// The options that a space holds. Error for spaces of another kind, and for what is no such text.
WaveOptions block_options_of(const Space& space);

// A whole sound as blocks of a space, [N, samples] in their order: channels averaged, resampled to its rate,
// multiplied so that the greatest sample is its peak (silence stays silence), clamped to full scale, the last
// block filled up with silence.
State as_blocks(const Space& space, const Sound& sound);

// Blocks [N, samples], at least one, as the one sound that they make, clamped to full scale.
Sound sound_of_blocks(const Space& space, const State& blocks);

}  // namespace steer

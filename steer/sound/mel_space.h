// The space of sounds as pictures of their bands: mel spectrograms.
#pragma once

#include <vector>

#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/sound/mel.h"
#include "steer/sound/sound.h"

namespace steer {

// Spectrograms [1, bands, frames] in [-1, 1], row 0 the lowest band: byte / 127.5 - 1 of level_bytes,
// relative to the loudest of the sound. The space holds the rate and, in `alphabet`, the other options as
// JSON.
Space mel_space(const MelOptions& options, int64_t frames);

// Options for sounds of a rate and as many bands as frames: a hop of 1/125 s, windows of eight hops.
MelOptions usual_mel_options(int64_t rate, int64_t bands);

// The options that a space holds. Error for spaces of another kind, and for what is no such text.
MelOptions mel_options_of(const Space& space);

// How many samples of sound a spectrogram is of: frames hop - 1.
int64_t sound_samples(const Space& space);

// Sounds of any rate and number of channels as spectrograms of a space: averaged over channels, resampled,
// cut at the end or filled up with silence.
State as_mels(const Space& space, const std::vector<Sound>& sounds);

// Spectrograms as sounds of one channel, each scaled so that its greatest sample is 0.9 (how loud it was is
// not known), by griffin_lim from phases 0; of silence zeros.
std::vector<Sound> sounds_of(const Space& space, const State& mels);

}  // namespace steer

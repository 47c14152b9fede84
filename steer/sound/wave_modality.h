// Waveforms as a kind of sample.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// Samples of wave_space. Files of sound are read and written; samples of one file stand one after the other,
// a quarter of a second apart. A picture shows the waveform above its spectrogram.
const Modality& wave_modality();

}  // namespace steer

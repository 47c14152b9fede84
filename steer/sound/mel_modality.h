// Sounds as a kind of sample: their spectrograms.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// Samples of mel_space. Files of sound are read and written; samples of one file stand one after the other, a
// quarter of a second apart.
const Modality& mel_modality();

}  // namespace steer

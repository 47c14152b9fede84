// The words that objectives about waveforms are made of.
#pragma once

#include <vector>

#include "steer/objectives/vocabulary.h"

namespace steer {

// inpaint, declip_wave, bandwidth and denoise.
const std::vector<Word>& wave_words();

}  // namespace steer

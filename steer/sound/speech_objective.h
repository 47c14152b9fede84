// Sounds by where somebody speaks in them.
#pragma once

#include <memory>
#include <string>

#include "steer/core/space.h"
#include "steer/objectives/objective.h"
#include "steer/objectives/vocabulary.h"
#include "steer/sound/speech_network.h"

namespace steer {

// The log-likelihood that speech is heard in every part of 32 ms whose middle lies from `begin` to `end`
// seconds, and in no other: sum of ln p, and of ln(1 - p) of the others. Waveforms are heard at the
// network's rate (their Fourier series, cut or filled up); spectrograms by MelHearing::pulses, between their
// frames linearly, as loud as speech is. Error for spaces of other kinds, and where no part is meant.
std::unique_ptr<Objective> speech_objective(const Space& space, const SpeechNetwork& network, double begin,
                                            double end, std::string words, torch::Device device);

// The word `speech` for samples of this kind, mel or wave.
Word speech_word(const std::string& kind);

}  // namespace steer

// Sounds by what is heard in them: pitch and voice.
#pragma once

#include <memory>
#include <string>

#include "steer/core/space.h"
#include "steer/objectives/objective.h"
#include "steer/sound/pitch_network.h"
#include "steer/sound/voice_network.h"

namespace steer {

// How far the pitch of spectrograms is from `hz`, a log-likelihood of Laplace's law of scale `noise`, in
// semitones, of a frame: minus the mean over frames of the expected distance over `noise`. Each frame, one in
// 32 ms, is heard by itself (MelHearing::pulses). Expected is over the network's bins by the squares of how
// far they are heard, so that many small ones count little; frames count by how far the largest is heard, and
// not at all 30 dB below the loudest frame. Error for spaces that are no spectrograms.
std::unique_ptr<Objective> pitch_objective(const Space& space, const PitchNetwork& network, double hz,
                                           double noise, std::string words, torch::Device device);

// How alike the voices of spectrograms and of `targets`, spectrograms [T, 1, bands, frames] too, are:
// concentration (cosine - 1), the log-likelihood of von Mises and Fisher's law of directions less its value
// at the target. Both are heard by MelHearing::bands. Error for spaces that are no spectrograms.
std::unique_ptr<Objective> speaker_objective(const Space& space, const VoiceNetwork& network,
                                             const Tensor& targets, double concentration, std::string words,
                                             torch::Device device);

}  // namespace steer

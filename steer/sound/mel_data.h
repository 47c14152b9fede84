// Data sets of sounds, as spectrograms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// Whether a path may be a data set of sounds: a folder among whose first files is a sound, or one archive
// alone, or an archive among whose first files is one.
bool names_sounds(const std::string& path);

// Spectrograms [1, size, size] (size 0: 64) of usual_mel_options, at options.rate, 0 being the rate of the
// first sound; of longer sounds the beginning. Recordings named DIGIT_SPEAKER_TAKE.wav (spoken_digits.h) have
// digits as classes, with labels=speaker their speakers; half=1 takes even ones of the training takes, half=2
// odd ones. Of other folders every tenth sound is for tests and the first folder in a name is its class.
// `limit` takes sounds at even distances. Error for a split that is neither train nor test, options that only
// other kinds have, and as read_sound.
std::unique_ptr<Dataset> make_mel_dataset(const DataOptions& options);

// What the path may be.
const std::vector<Named>& mel_data();

}  // namespace steer

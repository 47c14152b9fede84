// Data sets of sounds, before they are samples of a kind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/data/data_options.h"
#include "steer/data/dataset.h"
#include "steer/sound/sound.h"

namespace steer {

// Sounds of a part of a data set, with the name of each one's class; empty names: no class.
struct LabelledSounds {
  std::vector<Sound> sounds;      // in their order
  std::vector<std::string> name;  // as many
};

// Whether a path may be a data set of sounds: a folder among whose first files is a sound, or one archive
// alone, or an archive among whose first files is one.
bool names_sounds(const std::string& path);

// Recordings named DIGIT_SPEAKER_TAKE.wav (spoken_digits.h) have digits as classes, with labels=speaker their
// speakers; half=1 takes even ones of the training takes, half=2 odd ones. Of other folders every tenth sound
// is for tests and the first folder in a name is its class. `limit` takes sounds at even distances. Error for
// a split that is neither train nor test, options that only other kinds have, and as read_sound.
LabelledSounds labelled_sounds(const DataOptions& options);

// options.rate, or where that is 0 the rate of the first sound.
int64_t rate_asked(const DataOptions& options, const LabelledSounds& all);

// Which of so many things are `most` at even distances, the first among them; 0: all.
std::vector<size_t> at_even_distances(size_t there, int64_t most);

// Samples x [N, space.sizes...] of these sounds, with class names in order and each sound's number among
// them.
std::unique_ptr<Dataset> sound_dataset(const Space& space, const Tensor& x, const LabelledSounds& all);

}  // namespace steer

// Data sets of sounds, as spectrograms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// Spectrograms [1, size, size] (size 0: 64) of usual_mel_options, at options.rate, 0 being the rate of the
// first sound; of longer sounds the beginning. Classes, parts and errors are those of labelled_sounds
// (sound_data.h), and peak must be 0.
std::unique_ptr<Dataset> make_mel_dataset(const DataOptions& options);

// What the path may be.
const std::vector<Named>& mel_data();

}  // namespace steer

// Data sets of sounds, as waveforms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// "wave:" and a path: the sounds there, as waveforms.
std::string wave_path(const std::string& path);

// Whether a path begins so.
bool names_waves(const std::string& path);

// Waveforms of options.size samples (0: 4,096) at options.rate, 0 being the rate of the first sound, their
// greatest sample options.peak, 0 being as it is; of longer sounds the beginning. Classes, parts and errors
// are those of labelled_sounds (sound_data.h).
std::unique_ptr<Dataset> make_wave_dataset(const DataOptions& options);

// What the path may be.
const std::vector<Named>& wave_data();

}  // namespace steer

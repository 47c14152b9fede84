// Blocks of sound as a kind of sample.
#pragma once

#include <memory>

#include "steer/data/data_options.h"
#include "steer/data/dataset.h"
#include "steer/modality/modality.h"

namespace steer {

// Samples of block_space. A file of sound is as many samples as it has blocks, and samples are written as the
// one sound that they make. A picture shows its waveform above its spectrogram.
const Modality& block_modality();

// "blocks:" and a path: the sounds there, cut into blocks of options.size samples (0: 64) at options.rate, 0
// being the rate of the first sound, each sound's greatest sample options.peak, 0 being as it is. A limit
// takes blocks at even distances. Classes, parts and errors are those of labelled_sounds (sound_data.h).
std::unique_ptr<Dataset> make_block_dataset(const DataOptions& options);

}  // namespace steer

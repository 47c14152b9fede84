// Memory as the files that libsndfile reads and writes.
#pragma once

#include <sndfile.h>

#include <memory>
#include <string>

#include "steer/sound/sound_container.h"

namespace steer {

// An open file of libsndfile, closed at its end.
using SoundFile = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

// A container as libsndfile reads it: the data of reading_calls().
struct ContainerReader {
  const SoundContainer* container;
  sf_count_t at = 0;
};
SF_VIRTUAL_IO reading_calls();

// Bytes as libsndfile writes them: the data of writing_calls().
struct BytesWriter {
  std::string bytes;
  sf_count_t at = 0;
};
SF_VIRTUAL_IO writing_calls();

// What libsndfile says of its last fault (of opening: null), without line breaks or full stops at the end.
std::string sndfile_words(SNDFILE* file);

}  // namespace steer

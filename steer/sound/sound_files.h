// Sound files in and out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "steer/sound/sound.h"

namespace steer {

// Whether a file of this name is taken for a sound: it ends in .wav, .flac, .ogg, .oga, .aif, .aiff or .aifc,
// in any case.
bool is_sound_name(std::string_view name);

// The sound that `bytes` hold, whatever the name's ending: WAV, AIFF, FLAC, Ogg Vorbis, and what else
// libsndfile decodes of these kinds of file but MPEG audio, of which it cannot be told whether it is whole.
// Whole numbers of b bits become k / 2^(b-1), those of 8 bits in a WAV (k - 128) / 128; floating-point
// numbers stay as they are, beyond full scale too. The sound of a WAV that was streamed goes to the end of
// the file. `name` stands in errors. Error, one line, for anything cut off or damaged, before memory is taken
// for what a head merely claims; for no frames, no channels or a rate of 0; for samples that are not finite,
// and above kMostSoundSamples.
Sound sound_from_bytes(std::string_view bytes, const std::string& name);

// The same of a file, or of a pipe as read_file (core/files.h) reads it.
Sound read_sound(const std::string& path);

// A sound as a file, and how many of its samples lay beyond full scale and were clamped to it.
struct EncodedSound {
  std::string bytes;    // of the file
  int64_t clamped = 0;  // samples, over all channels
};

// A sound in the format that the name ends in, the same bytes each time: .wav with samples of `bits` 16, 24,
// 32 or float; .flac with 16 or 24; .ogg, Vorbis of quality 0.4, for which bits have no meaning and stay 16.
// Whole numbers are round(x 2^(b-1)), those of [-1, 1] that come out too large by one step being the largest,
// so that sound_from_bytes gives k / 2^(b-1) back exactly. Nothing is clamped in float. Error as check_sound,
// for another ending or other bits, and for channels and rates that the format does not have.
EncodedSound encode_sound(const Sound& sound, std::string_view name, const std::string& bits = "16");

// The same put under `path`, atomically (write_file in core/files.h). Gives how many samples were clamped.
int64_t write_sound(const std::string& path, const Sound& sound, const std::string& bits = "16");

}  // namespace steer

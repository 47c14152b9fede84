// Recordings of spoken digits as the Free Spoken Digit Dataset (Jackson et al. 2018) has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "steer/sound/sound.h"

namespace steer {

// The takes of a digit by a speaker that are for tests, by the corpus's own rule: 0 to 4.
constexpr int kFirstTrainingTake = 5;

// One recording, as its name DIGIT_SPEAKER_TAKE.wav tells.
struct SpokenDigit {
  std::string name;     // relative to the folder or archive
  std::string source;   // what holds the bytes (Listed, data/listing.h)
  int digit = 0;        // 0 to 9
  std::string speaker;  // a name
  int take = 0;         // 0 to 999,999

  // Whether it is one of the tests'.
  bool for_tests() const { return take < kFirstTrainingTake; }
};

// What a name, with or without folders, tells; nothing for other names. The ending may be in any case.
std::optional<SpokenDigit> spoken_digit_named(std::string_view name);

// Recordings and where they are.
struct SpokenDigits {
  std::string path;                     // of a folder or an archive
  std::vector<SpokenDigit> recordings;  // by digit, speaker and take
};

// The recordings below a folder or in an archive (listing.h), or in the one archive of a folder that has none
// outside of it. Other files are passed over. `split` is test, train (what is not for tests) or all. Error
// for other words, where there is no such path, no recording or none of this split, and for two of one digit,
// speaker and take.
SpokenDigits spoken_digits(const std::string& path, const std::string& split = "all");

// Their sounds, in the same order; those of an archive are unpacked in memory. Error as sound_from_bytes
// (sound_files.h), and for a file of more than 64 MiB.
std::vector<Sound> read_spoken_digits(const SpokenDigits& digits);

}  // namespace steer

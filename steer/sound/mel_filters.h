// The mel scale and the filters of its bands.
#pragma once

#include <torch/types.h>

#include <string>

#include "steer/core/option_fields.h"
#include "steer/sound/stft.h"

namespace steer {

using torch::Tensor;

// Which bands of which frames a mel spectrogram has.
struct MelOptions {
  int64_t rate = 22050;
  int64_t window = 2048;
  int64_t hop = 512;
  int64_t bands = 256;
  double lowest_hz = 0;
  double highest_hz = 0;
  double floor_db = -80;
  std::string padding = "reflect";

  void fields(OptionFields& f) {
    f("rate", rate, "samples for a second of sound", from_to(1, 1 << 24));
    f("window", window, "samples of a frame", from_to(16, 1 << 16));
    f("hop", hop, "samples from a frame to the next, at most a window", from_to(1, 1 << 16));
    f("bands", bands, "bands of frequencies", from_to(1, 1024));
    f("lowest_hz", lowest_hz, "where the lowest band begins", at_least(0));
    f("highest_hz", highest_hz, "where the highest band ends; 0 = half the rate", at_least(0));
    f("floor_db", floor_db, "the lowest level beside the loudest band: byte 0", from_to(-200, -1));
    f("padding", padding, "what frames see beyond the ends: \"reflect\" or \"constant\", which is 0");
  }
};

// Error that names the option where there could be no such bands.
void check(const MelOptions& options);

// The frames that the bands are of, centred.
StftOptions stft_options(const MelOptions& options);

// Slaney's mel scale (Auditory Toolbox, 1998) and its inverse: 3 mels for 200 Hz up to 1000 Hz, which are 15
// mels, above 15 + 27 ln(hz / 1000) / ln 6.4.
double mel_of_hz(double hz);
double hz_of_mel(double mel);

// What bands take of the frequencies of a spectrum: float64 [bands, window / 2 + 1]. Edges are evenly spaced
// on the mel scale, bands + 2 of them; band b is a triangle from edge b over edge b + 1 to edge b + 2 with
// area 1 over Hz (librosa's filters.mel with norm="slaney"). Row 0 is the lowest band, and a frequency lies
// in two neighbouring bands at most. Errors: as check(options), and one that names the bands in which no
// frequency of the spectrum lies.
Tensor mel_filters(const MelOptions& options);
// The same of any frequencies hz [F]: float64 [bands, F]; a band in which none of them lies is 0. Error as
// check(options).
Tensor mel_filters_at(const Tensor& hz, const MelOptions& options);

}  // namespace steer

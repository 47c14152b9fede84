// Spectrograms as networks hear sounds, by ways that have a gradient and need no phases.
#pragma once

#include <torch/types.h>

#include "steer/core/space.h"

namespace steer {

using torch::Tensor;

// What spectrograms of one space are, planned once. Spectrograms are float32 [N, 1, bands, frames]; levels
// beyond [-1, 1] are taken up to 1.5 times as far. All that is given is differentiable in them.
class MelHearing {
 public:
  // Error for spaces of another kind (mel_options_of).
  explicit MelHearing(const Space& space, torch::Device device = torch::kCPU);

  // Power of frequencies, [N * frames, F] with F = window / 2 + 1, one frame after the other: 20 steps of
  // Richardson and Lucy's rule (Richardson 1972, Lucy 1974) toward power whose bands are these, from power
  // that is even within bands. It stays above 0 and sharpens harmonics that share a band.
  Tensor spectra(const Tensor& mels) const;

  // The same spectra as frames of `length` samples at `rate`, [N * frames, length]: sums of cosines that are
  // all at their greatest in the middle. Of a voice it is a train of pulses in the window, at the voice's
  // pitch: what is heard of a frame by itself, whatever its phases were.
  Tensor pulses(const Tensor& spectra, int64_t length, int64_t rate) const;

  // Power in `bands` Slaney bands of sounds at `rate`, cut into frames of `window` samples every `hop`: [N,
  // frames', bands], from the power of our bands by a linear map, and between our frames linearly. Scaled as
  // that of sounds whose mean square is `mean_square`.
  Tensor bands(const Tensor& mels, int64_t rate, int64_t window, int64_t hop, int64_t bands,
               double mean_square) const;

  // How many of our frames make `seconds`, at least 1.
  int64_t frames_of(double seconds) const;

 private:
  Tensor power(const Tensor& mels) const;  // [N * frames, bands], 1 the loudest
  Tensor even(const Tensor& power) const;  // [N * frames, F]

  int64_t rate_ = 0, window_ = 0, hop_ = 0;
  double floor_db_ = 0;
  Tensor filters_;  // [bands, F]
  Tensor even_;     // [bands, F]: of a band's power, what each frequency has where power is even
};

}  // namespace steer

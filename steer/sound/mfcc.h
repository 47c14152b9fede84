// Mel-frequency cepstral coefficients.
#pragma once

#include <torch/types.h>

#include "steer/core/option_fields.h"
#include "steer/sound/mel.h"

namespace steer {

using torch::Tensor;

// Which coefficients of which bands; as librosa's mfcc has them without further words.
struct MfccOptions {
  MelOptions mel = {22050, 2048, 512, 128, 0, 0, -80, "constant"};
  int64_t coefficients = 20;

  void fields(OptionFields& f) {
    f("mel", mel, "the bands; levels are at most floor_db below the loudest");
    f("coefficients", coefficients, "coefficients of a frame, at most as many as bands", from_to(1, 1024));
  }
};

// The coefficients of sounds, planned once for all of them.
class Mfcc {
 public:
  // Error as MelSpectrogram's, and for more coefficients than bands.
  explicit Mfcc(const MfccOptions& options);

  // Sounds [N, T] -> float32 [N, coefficients, frames]: the orthonormal discrete cosine transform II, over
  // bands, of 10 log10(max(power, 1e-10)), which are at least the largest of the sound plus floor_db. Errors
  // as MelSpectrogram::forward.
  Tensor forward(const Tensor& sound) const;

  const MelSpectrogram& bands() const { return bands_; }  // that the coefficients are of

 private:
  MelSpectrogram bands_;
  Tensor cosines_;  // float32 [coefficients, bands]
};

// The first `rows` rows of the orthonormal discrete cosine transform II of `length` numbers: float64 [rows,
// length], sqrt(2 / length) cos(pi k (2 i + 1) / (2 length)), row 0 divided by sqrt 2.
Tensor cosine_transform(int64_t rows, int64_t length);

}  // namespace steer

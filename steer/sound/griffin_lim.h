// Sounds for given magnitudes of their spectra.
#pragma once

#include <torch/types.h>

#include "steer/core/option_fields.h"
#include "steer/sound/stft.h"

namespace steer {

using torch::Tensor;

// How phases are looked for.
struct GriffinLimOptions {
  int64_t iterations = 32;
  double momentum = 0.99;

  void fields(OptionFields& f) {
    f("iterations", iterations, "transforms there and back", from_to(0, 100000));
    f("momentum", momentum,
      "how far a step goes on in the direction of the last; 0 = Griffin and Lim 1984, which never gets worse",
      from_below(0, 2));
  }
};

// Sounds [N, length] whose spectra have about these magnitudes, float32 [N, window / 2 + 1, frames] on the
// processor (Perraudin, Balazs and Sondergaard 2013, as librosa's griffinlim has it: the spectrum of the
// sound, less momentum / (1 + momentum) of that before it, gives the next phases). The first phases are
// uniform, those of row i a function of seeds[i] (int64 [N]); without seeds they are 0. `length` as istft's.
// Where frames are centred and padding is constant, spectral_convergence never increases with iterations
// without momentum; with reflected ends it may, slightly. Errors for other shapes and for magnitudes that are
// below 0 or not finite.
Tensor griffin_lim(const Tensor& magnitudes, const StftOptions& stft, const GriffinLimOptions& options = {},
                   const Tensor& seeds = {}, int64_t length = -1);

// How far the spectra of sounds [N, T] are from magnitudes [N, window / 2 + 1, frames], as a share:
// || |stft(sound)| - magnitudes || / || magnitudes ||, float64 [N]; 0 where both are 0.
Tensor spectral_convergence(const Tensor& sound, const Tensor& magnitudes, const StftOptions& stft);

}  // namespace steer

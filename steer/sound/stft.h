// The short-time Fourier transform of sounds, and back.
#pragma once

#include <torch/types.h>

#include <string>

#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// How a sound is cut into frames.
struct StftOptions {
  int64_t window = 2048;
  int64_t hop = 512;
  bool centred = true;
  std::string padding = "reflect";

  void fields(OptionFields& f) {
    f("window", window, "samples of a frame", from_to(16, 1 << 16));
    f("hop", hop, "samples from a frame to the next, at most a window", from_to(1, 1 << 16));
    f("centred", centred, "frame t has its middle, not its beginning, at sample t hop");
    f("padding", padding, "what centred frames see beyond the ends: \"reflect\" or \"constant\", which is 0");
  }
};

// Error that names the option where frames could not be cut so.
void check(const StftOptions& options);

// The periodic Hann window 0.5 - 0.5 cos(2 pi i / length) of i = 0 ... length - 1: float64 [length].
Tensor hann_window(int64_t length);

// Frames of a sound of so many samples: 1 + samples / hop where they are centred (samples - 1 for odd
// windows), else 1 + (samples - window) / hop. Error for a sound shorter than the window.
int64_t stft_frames(int64_t samples, const StftOptions& options);

// The fewest samples that have so many frames: (frames - 1) hop where they are centred (and one for odd
// windows), else a window more.
int64_t stft_samples(int64_t frames, const StftOptions& options);

// Spectra of sounds [N, T], float32 or float64: complex [N, window / 2 + 1, frames], of frames weighted by
// the Hann window, not normalised (as librosa's stft has them). Differentiable. Errors for other shapes and
// types, and for a sound shorter than the window.
Tensor stft(const Tensor& sound, const StftOptions& options);

// The sounds [N, length] whose frames are nearest, in the sum of squares, to spectra [N, window / 2 + 1,
// frames] (Griffin and Lim 1984, equation 6; librosa's istft): frames are weighted by the window, added up,
// and divided by the sum of squared windows where that is above 0. Without `length` (-1) it is stft_samples;
// what no frame reaches is 0. Differentiable. Error for other shapes.
Tensor istft(const Tensor& spectra, const StftOptions& options, int64_t length = -1);

}  // namespace steer

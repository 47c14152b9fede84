// A sound as a picture: its waveform above its spectrogram.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "steer/sound/sound.h"

namespace steer {

using torch::Tensor;

// The largest width, height or strip of such a picture, in pixels.
constexpr int64_t kLargestSpectrogramSide = 4096;

// The most windows for a column of pixels.
constexpr int64_t kMostColumnWindows = 16;

// How a sound is drawn.
struct SpectrogramPictureOptions {
  int64_t width = 640;   // pixels, 1 to kLargestSpectrogramSide: the whole sound, whatever its length
  int64_t height = 256;  // of the spectrogram, 1 to kLargestSpectrogramSide
  int64_t strip = 72;    // of the waveform, 0 (none) to kLargestSpectrogramSide
  double range_db = 70;  // from the loudest to what is as dark as silence, above 0
};

// A sound of one channel as a picture float32 [3, strip + gap + height, width] in [-1, 1]; the gap, of dark
// pixels, is there if both parts are. Time goes to the right. Below stands the power of Hann windows of about
// 32 ms, low frequencies at the bottom and half the rate at the top, even in mel, 2595 log10(1 + f / 700)
// (O'Shaughnessy 1987), from dark to light by decibels below its maximum; above the range of samples in each
// column, scaled to the greatest, with their root mean square in it. What is fainter than -60 dB of full
// scale is not scaled up, so that silence is evenly dark. In a long sound a column shows the mean of
// kMostColumnWindows windows at even distances. Error as check_sound, for several channels, and for options
// outside their ranges.
Tensor spectrogram_picture(const Sound& sound, const SpectrogramPictureOptions& options = {});

// Shares [...] in [0, 1] as colours [3, ...] in [-1, 1], from a dark blue over violet, red and orange to a
// pale yellow. Their lightness (L* of CIELAB, CIE 15) goes evenly from 5 to 97.
Tensor dark_to_light(const Tensor& shares);

}  // namespace steer

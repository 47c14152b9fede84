// Sounds that are formulas, for tests of transforms.
#pragma once

#include <torch/types.h>

#include <cmath>
#include <cstdint>

#include "steer/core/pi.h"

namespace steer {

// Numbers in [-1, 1): the upper 24 bits of a linear congruential generator; float32 [N, T], one row after the
// other.
inline torch::Tensor congruential_noise(int64_t rows, int64_t count) {
  const torch::Tensor numbers = at::empty({rows, count});
  uint64_t state = 1;
  for (int64_t i = 0; i < rows * count; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    numbers.data_ptr<float>()[i] =
        static_cast<float>(static_cast<int64_t>(state >> 40) - (1 << 23)) / (1 << 23);
  }
  return numbers;
}

// Two tones and noise, of which tools/sound_goldens.py makes golden numbers: [1, samples].
inline torch::Tensor golden_sound(int64_t samples, double rate_hz) {
  const torch::Tensor sound = congruential_noise(1, samples);
  for (int64_t i = 0; i < samples; ++i) {
    float& x = sound.data_ptr<float>()[i];
    const double t = static_cast<double>(i) / rate_hz;
    x = static_cast<float>(0.3 * std::sin(2 * kPi * 220 * t) +
                           0.2 * std::exp(-3 * t) * std::sin(2 * kPi * 1234 * t) + 0.05 * x);
  }
  return sound;
}

// A sine of amplitude 0.5: [1, samples].
inline torch::Tensor pure_tone(int64_t samples, double rate_hz, double hz) {
  return 0.5 * at::sin(at::arange(samples, torch::kFloat64) * (2 * kPi * hz / rate_hz))
                   .to(torch::kFloat32)
                   .unsqueeze(0);
}

// The largest difference of two tensors.
inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace steer

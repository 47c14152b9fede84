// Files of small networks of pitch and voice, for tests: those of tools/sound_network_goldens.py.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/sound/test_signals.h"

namespace steer {

// congruential_noise() in pieces, one after the other.
class SmallNoise {
 public:
  torch::Tensor operator()(const std::vector<int64_t>& shape) {
    const int64_t count = c10::multiply_integers(shape);
    const torch::Tensor some = all_.narrow(1, used_, count).view(shape).clone();
    used_ += count;
    return some;
  }

 private:
  torch::Tensor all_ = congruential_noise(1, 1 << 17);
  int64_t used_ = 0;
};

inline Checkpoint small_pitch_file(SmallNoise& noise) {
  const std::vector<int64_t> channels = {1, 6, 4, 4, 3, 3, 2};
  Checkpoint file;
  file.metadata = {{"format", "steer"}, {"family", "pitch"}};
  for (size_t i = 0; i < 6; ++i) {
    const int64_t width = i == 0 ? 512 : 64, in = channels[i], out = channels[i + 1];
    const std::string name = joined(i, ".");
    file.tensors[name + "weight"] = noise({out, in, width}) * 3 / std::sqrt(static_cast<double>(width * in));
    file.tensors[name + "bias"] = noise({out}) * 0.1;
    const torch::Tensor gain = 1 + 0.5 * noise({out}), shift = 0.3 * noise({out}), mean = 0.3 * noise({out}),
                        variance = 1 + 0.5 * noise({out});
    const torch::Tensor scale = gain / (variance + 0.0010000000474974513).sqrt();
    file.tensors[name + "scale"] = scale;
    file.tensors[name + "shift"] = shift - mean * scale;
  }
  file.tensors["bins.weight"] = noise({360, 8}) * 0.7;
  file.tensors["bins.bias"] = noise({360});
  return file;
}

inline Checkpoint small_speech_file(SmallNoise& noise) {
  const std::vector<int64_t> channels = {129, 6, 4, 4, 5};
  Checkpoint file;
  file.metadata = {{"format", "steer"}, {"family", "speech"}};
  file.tensors["transform"] = noise({258, 1, 256}) * 0.2;
  for (size_t i = 0; i < 4; ++i) {
    const std::string name = joined(i, ".");
    file.tensors[name + "weight"] = noise({channels[i + 1], channels[i], 3}) * 0.5;
    file.tensors[name + "bias"] = noise({channels[i + 1]}) * 0.3;
  }
  file.tensors["memory.weight_ih"] = noise({12, 5});
  file.tensors["memory.weight_hh"] = noise({12, 3});
  file.tensors["memory.bias_ih"] = noise({12});
  file.tensors["memory.bias_hh"] = noise({12});
  file.tensors["speech.weight"] = noise({1, 3}) * 3;
  file.tensors["speech.bias"] = noise({1});
  return file;
}

inline Checkpoint small_voice_file(SmallNoise& noise) {
  Checkpoint file;
  file.metadata = {{"format", "steer"}, {"family", "voice"}};
  for (int i = 0; i < 3; ++i) {
    file.tensors[joined("lstm.weight_ih_l", i)] = noise({32, i == 0 ? 40 : 8});
    file.tensors[joined("lstm.weight_hh_l", i)] = noise({32, 8});
    file.tensors[joined("lstm.bias_ih_l", i)] = noise({32});
    file.tensors[joined("lstm.bias_hh_l", i)] = noise({32});
  }
  file.tensors["linear.weight"] = noise({6, 8});
  file.tensors["linear.bias"] = noise({6});
  return file;
}

}  // namespace steer

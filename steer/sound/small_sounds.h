// What the tests of this folder share: small sounds, and WAV files put together byte by byte.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "steer/core/pi.h"
#include "steer/sound/sound.h"

namespace steer {

// A number in `count` bytes, the lowest first, or the highest.
inline std::string low_bytes(uint64_t value, size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return bytes;
}
inline std::string high_bytes(uint64_t value, size_t count) {
  const std::string bytes = low_bytes(value, count);
  return std::string(bytes.rbegin(), bytes.rend());
}

// Numbers as they lie in memory.
template <class T>
std::string memory_of(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// A chunk of RIFF with its padding byte.
inline std::string riff_chunk(const std::string& id, const std::string& content) {
  return id + low_bytes(content.size(), 4) + content + std::string(content.size() % 2, '\0');
}

// What the chunk "fmt " of a WAV says.
struct WavHead {
  uint64_t tag = 1;  // 1: whole numbers, 3: floating-point numbers
  uint64_t channels = 1, rate = 8000, bits = 16;
  bool extensible = false;

  std::string chunk() const {
    const uint64_t block = channels * (bits / 8);
    std::string content = low_bytes(extensible ? 0xFFFE : tag, 2) + low_bytes(channels, 2) +
                          low_bytes(rate, 4) + low_bytes(rate * block, 4) + low_bytes(block, 2) +
                          low_bytes(bits, 2);
    if (extensible)
      content += low_bytes(22, 2) + low_bytes(bits, 2) + low_bytes(0, 4) + low_bytes(tag, 2) +
                 std::string("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14);
    return riff_chunk("fmt ", content);
  }
};

inline std::string riff(const std::string& chunks) {
  return "RIFF" + low_bytes(4 + chunks.size(), 4) + "WAVE" + chunks;
}

inline std::string wav_bytes(const WavHead& head, const std::string& samples) {
  return riff(head.chunk() + riff_chunk("data", samples));
}

// A sine of one channel.
inline Sound sine_sound(double hz, double amplitude, int64_t rate, int64_t frames) {
  const Tensor t = at::arange(frames, torch::kFloat64).div(static_cast<double>(rate));
  return {t.mul(2 * kPi * hz).sin().mul(amplitude).to(torch::kFloat32).unsqueeze(0), rate};
}

}  // namespace steer

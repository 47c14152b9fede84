// Silero VAD: where speech is heard in sound (Silero Team 2024), by weights that its package carries.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Spectra of 16 ms, four convolutions over each 32 ms, and a memory from one 32 ms to the next, out of a file
// that tools/convert_silero.py wrote. Differentiable in what is heard.
class SpeechNetwork {
 public:
  static constexpr int64_t kRate = 16000;  // Hz, of what it hears
  static constexpr int64_t kWindow = 256;  // samples of a spectrum
  static constexpr int64_t kHop = 128;     // from one to the next
  static constexpr int64_t kChunk = 4;     // spectra that are heard at once, 512 samples
  static constexpr int64_t kBins = 129;    // frequencies of a spectrum

  // Error, which names the file, where it is anything else or holds what is not finite.
  explicit SpeechNetwork(const std::string& path, torch::Device device = torch::kCPU);

  // Magnitudes of frames, float32 [N, 256] -> [N, 129].
  Tensor magnitudes(const Tensor& frames) const;

  // Spectra one after the other, [N, 4 C, 129] -> [N, C]: the logit of speech being heard in each four.
  // Error for other shapes.
  Tensor logits(const Tensor& spectra) const;

  // Sounds [N, T] at kRate -> [N, C], C = T / 512 rounded up: the logits of their parts of 32 ms, the end
  // filled with silence. As the published program hears them, each part sees 4 ms of the one before, and of
  // the next its own last 4 ms backwards.
  Tensor of_sounds(const Tensor& sounds) const;

 private:
  struct Layer {
    Tensor weight, bias;  // [out, in, 3] and [out]
    int64_t stride;       // along the spectra
  };

  Tensor transform_;  // [258, 1, 256]: cosines, then sines, in their window
  std::vector<Layer> layers_;
  Tensor from_input_, from_memory_, input_bias_, memory_bias_;  // of the memory's four gates
  Tensor weight_, bias_;                                        // [1, hidden] and [1]
};

}  // namespace steer

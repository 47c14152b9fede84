#include "steer/sound/voice_network.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/nn/family_checkpoint.h"
#include "steer/sound/mel.h"
#include "steer/sound/network_tensors.h"

namespace steer {
namespace {

constexpr int kVoiceLayers = 3;
constexpr int64_t kVoiceFrames = 160, kVoiceStep = 77;
constexpr double kVoicePower = 1e-3;        // mean square of samples: -30 dB beside full scale
constexpr double kLeastVoicePower = 1e-20;  // below it a sound is silent
constexpr double kLeastLength = 1e-9;       // of vectors before they are brought to 1

MelOptions voice_bands() {
  MelOptions options;
  options.rate = VoiceNetwork::kRate, options.window = VoiceNetwork::kWindow;
  options.hop = VoiceNetwork::kHop, options.bands = VoiceNetwork::kBands;
  options.padding = "constant";
  return options;
}

Tensor of_length_one(const Tensor& vectors) {
  return vectors / (vectors.square().sum(1, true) + kLeastLength * kLeastLength).sqrt();
}

}  // namespace

VoiceNetwork::VoiceNetwork(const std::string& path, torch::Device device) {
  const std::string family = "voice";
  const Checkpoint file = family_checkpoint(path, family);
  const auto tensor = [&](const std::string& name, const std::vector<int64_t>& shape) {
    return network_tensor(file, name, shape, path, family).to(device);
  };
  const int64_t hidden = tensor("lstm.weight_hh_l0", {-1, -1}).size(1);
  for (int i = 0; i < kVoiceLayers; ++i) {
    lstm_.push_back(tensor(joined("lstm.weight_ih_l", i), {4 * hidden, i == 0 ? kBands : hidden}));
    lstm_.push_back(tensor(joined("lstm.weight_hh_l", i), {4 * hidden, hidden}));
    lstm_.push_back(tensor(joined("lstm.bias_ih_l", i), {4 * hidden}));
    lstm_.push_back(tensor(joined("lstm.bias_hh_l", i), {4 * hidden}));
  }
  weight_ = tensor("linear.weight", {-1, hidden});
  bias_ = tensor("linear.bias", {weight_.size(0)});
  STEER_CHECK(file.tensors.size() == lstm_.size() + 2, "[voice] ", path, ": expected ", lstm_.size() + 2,
              " tensors but got ", file.tensors.size());
}

Tensor VoiceNetwork::window_embedding(const Tensor& bands) const {
  const int64_t hidden = weight_.size(1);
  const Tensor start = at::zeros({kVoiceLayers, bands.size(0), hidden}, bands.options());
  const auto [out, state, cell] =
      at::lstm(bands, {start, start}, lstm_, true, kVoiceLayers, 0.0, false, false, true);
  return of_length_one(at::relu(at::linear(state[kVoiceLayers - 1], weight_, bias_)));
}

Tensor VoiceNetwork::embedding(const Tensor& bands) const {
  STEER_CHECK(bands.dim() == 3 && bands.size(1) >= 1 && bands.size(2) == kBands &&
                  bands.scalar_type() == torch::kFloat32,
              "[voice] expected power float32 [N, frames, ", kBands, "] but got ", bands.scalar_type(), " ",
              shape_text(bands.sizes()));
  const int64_t beyond = bands.size(1) - kVoiceFrames;
  if (beyond <= 0) return window_embedding(bands);
  const int64_t steps = (beyond + kVoiceStep - 1) / kVoiceStep;
  Tensor sum;
  for (int64_t i = 0; i <= steps; ++i) {
    const Tensor heard = window_embedding(bands.narrow(1, beyond * i / steps, kVoiceFrames));
    sum = sum.defined() ? sum + heard : heard;
  }
  return of_length_one(sum);
}

Tensor VoiceNetwork::of_sounds(const Tensor& sounds) const {
  STEER_CHECK(sounds.dim() == 2 && sounds.size(1) >= 1, "[voice] expected sounds [N, T] but got ",
              shape_text(sounds.sizes()));
  const Tensor power = sounds.square().mean(1, true).clamp_min(kLeastVoicePower);
  static const MelSpectrogram mel(voice_bands());
  return embedding(mel.forward(sounds * (kVoicePower / power).sqrt()).transpose(1, 2).contiguous());
}

}  // namespace steer

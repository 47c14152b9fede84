#include "steer/sound/speech_network.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/nn/family_checkpoint.h"
#include "steer/sound/network_tensors.h"

namespace steer {
namespace {

constexpr int64_t kStrides[] = {1, 2, 2, 1};
constexpr int64_t kBefore = 64, kBehind = 64;  // samples that a part sees beside its own 512
constexpr double kLeastPower = 1e-12;          // below it a magnitude has no gradient

}  // namespace

SpeechNetwork::SpeechNetwork(const std::string& path, torch::Device device) {
  const std::string family = "speech";
  const Checkpoint file = family_checkpoint(path, family);
  const auto tensor = [&](const std::string& name, const std::vector<int64_t>& shape) {
    return network_tensor(file, name, shape, path, family).to(device);
  };
  transform_ = tensor("transform", {2 * kBins, 1, kWindow});
  int64_t in = kBins;
  for (size_t i = 0; i < std::size(kStrides); ++i) {
    const std::string name = joined(i, ".");
    Layer layer;
    layer.weight = tensor(name + "weight", {-1, in, 3});
    in = layer.weight.size(0);
    layer.bias = tensor(name + "bias", {in});
    layer.stride = kStrides[i];
    layers_.push_back(layer);
  }
  weight_ = tensor("speech.weight", {1, -1});
  const int64_t hidden = weight_.size(1);
  bias_ = tensor("speech.bias", {1});
  from_input_ = tensor("memory.weight_ih", {4 * hidden, in});
  from_memory_ = tensor("memory.weight_hh", {4 * hidden, hidden});
  input_bias_ = tensor("memory.bias_ih", {4 * hidden});
  memory_bias_ = tensor("memory.bias_hh", {4 * hidden});
  constexpr size_t kKnown = 1 + 2 * std::size(kStrides) + 6;
  STEER_CHECK(file.tensors.size() == kKnown, "[speech] ", path, ": expected ", kKnown, " tensors but got ",
              file.tensors.size());
}

Tensor SpeechNetwork::magnitudes(const Tensor& frames) const {
  STEER_CHECK(frames.dim() == 2 && frames.size(1) == kWindow, "[speech] expected frames [N, ", kWindow,
              "] but got ", shape_text(frames.sizes()));
  const std::vector<Tensor> parts = at::linear(frames, transform_.squeeze(1)).chunk(2, 1);
  return (parts[0].square() + parts[1].square()).clamp_min(kLeastPower).sqrt();
}

Tensor SpeechNetwork::logits(const Tensor& spectra) const {
  STEER_CHECK(
      spectra.dim() == 3 && spectra.size(2) == kBins && spectra.size(1) > 0 && spectra.size(1) % kChunk == 0,
      "[speech] expected spectra [N, 4 C, ", kBins, "] but got ", shape_text(spectra.sizes()));
  const int64_t samples = spectra.size(0), parts = spectra.size(1) / kChunk;
  Tensor h = spectra.reshape({samples * parts, kChunk, kBins}).transpose(1, 2);
  for (const Layer& layer : layers_) h = at::relu(at::conv1d(h, layer.weight, layer.bias, layer.stride, 1));
  h = h.view({samples, parts, -1});
  Tensor memory = at::zeros({samples, weight_.size(1)}, h.options()), kept = memory;
  std::vector<Tensor> heard;
  for (int64_t i = 0; i < parts; ++i) {
    std::tie(memory, kept) =
        at::lstm_cell(h.select(1, i), {memory, kept}, from_input_, from_memory_, input_bias_, memory_bias_);
    heard.push_back(at::linear(at::relu(memory), weight_, bias_));
  }
  return at::cat(heard, 1);
}

Tensor SpeechNetwork::of_sounds(const Tensor& sounds) const {
  STEER_CHECK(sounds.dim() == 2 && sounds.size(1) > 0, "[speech] expected sounds [N, T] but got ",
              shape_text(sounds.sizes()));
  constexpr int64_t kPart = kChunk * kHop;
  const int64_t samples = sounds.size(0), parts = (sounds.size(1) + kPart - 1) / kPart;
  const Tensor whole = at::constant_pad_nd(sounds, {kBefore, parts * kPart - sounds.size(1)});
  const Tensor each = whole.unfold(1, kBefore + kPart, kPart).flatten(0, 1);
  const Tensor seen = at::reflection_pad1d(each, {0, kBehind}).unfold(1, kWindow, kHop);  // [N C, 4, 256]
  return logits(magnitudes(seen.flatten(0, 1)).view({samples, parts * kChunk, kBins}));
}

}  // namespace steer

#include "steer/sound/pitch_network.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/nn/family_checkpoint.h"
#include "steer/sound/network_tensors.h"

namespace steer {
namespace {

constexpr int kPitchLayers = 6;
constexpr int64_t kFirstPitchStride = 4;
constexpr double kLeastDeviation = 1e-10;           // of a frame
constexpr double kFirstCents = 1997.3794084376191;  // of bin 0: where the published weights have it
constexpr double kCentsOfBin = 20;
constexpr double kLowestHz = 10;  // of cents
constexpr int64_t kBinsBeside = 4;

}  // namespace

PitchNetwork::PitchNetwork(const std::string& path, torch::Device device) {
  const std::string family = "pitch";
  const Checkpoint file = family_checkpoint(path, family);
  const auto tensor = [&](const std::string& name, const std::vector<int64_t>& shape) {
    return network_tensor(file, name, shape, path, family).to(device);
  };
  int64_t in = 1, places = kWindow / kFirstPitchStride;
  for (int i = 0; i < kPitchLayers; ++i) {
    const std::string name = joined(i, ".");
    Layer layer;
    layer.weight = tensor(name + "weight", {-1, in, i == 0 ? 512 : 64});
    in = layer.weight.size(0);
    layer.bias = tensor(name + "bias", {in});
    layer.scale = tensor(name + "scale", {in}).unsqueeze(1);
    layer.shift = tensor(name + "shift", {in}).unsqueeze(1);
    layers_.push_back(layer);
    places /= 2;
  }
  weight_ = tensor("bins.weight", {kBins, places * in});
  bias_ = tensor("bins.bias", {kBins});
  const size_t known = 4 * kPitchLayers + 2;
  STEER_CHECK(file.tensors.size() == known, "[pitch] ", path, ": expected ", known, " tensors but got ",
              file.tensors.size());
}

Tensor PitchNetwork::bins(const Tensor& frames) const {
  STEER_CHECK(frames.dim() == 2 && frames.size(1) == kWindow && frames.scalar_type() == torch::kFloat32,
              "[pitch] expected frames float32 [N, ", kWindow, "] but got ", frames.scalar_type(), " ",
              shape_text(frames.sizes()));
  const Tensor centred = frames - frames.mean(1, true);
  // A root of 0 has no gradient, a deviation below the least none either.
  const Tensor variance = centred.square().sum(1, true) / (kWindow - 1);
  Tensor h = (centred / variance.clamp_min(kLeastDeviation * kLeastDeviation).sqrt()).unsqueeze(1);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    h = i == 0 ? at::constant_pad_nd(h, {254, 254}) : at::constant_pad_nd(h, {31, 32});
    h = at::conv1d(h, layer.weight, layer.bias, i == 0 ? kFirstPitchStride : 1);
    h = at::max_pool1d(at::relu(h) * layer.scale + layer.shift, 2, 2);
  }
  return at::sigmoid(at::linear(h.transpose(1, 2).flatten(1), weight_, bias_));
}

Tensor PitchNetwork::of_sounds(const Tensor& sounds, int64_t hop) const {
  STEER_CHECK(sounds.dim() == 2 && hop >= 1,
              "[pitch] expected sounds [N, T] and a hop of at least 1 but got ", shape_text(sounds.sizes()),
              " and ", hop);
  const Tensor frames =
      at::constant_pad_nd(sounds, {kWindow / 2, kWindow / 2}).unfold(1, kWindow, hop);  // [N, F, 1024]
  return bins(frames.flatten(0, 1)).view({sounds.size(0), frames.size(1), kBins});
}

Tensor pitch_cents() {
  return at::arange(PitchNetwork::kBins, torch::kFloat32) * kCentsOfBin + kFirstCents;
}

double cents_of_hz(double hz) {
  return 1200 * std::log2(hz / kLowestHz);
}

Tensor hz_of_cents(const Tensor& cents) {
  return at::pow(2.0, cents / 1200) * kLowestHz;
}

Tensor pitch_heard(const Tensor& bins) {
  const Tensor beside = at::arange(-kBinsBeside, kBinsBeside + 1, bins.options().dtype(torch::kInt64)),
               place = bins.argmax(-1, true) + beside,
               there = ((place >= 0) & (place < PitchNetwork::kBins)).to(bins.scalar_type()),
               within = place.clamp(0, PitchNetwork::kBins - 1);
  const Tensor heard = bins.gather(-1, within) * there,
               cents = pitch_cents().to(bins.device()).index_select(0, within.flatten()).view_as(within);
  return hz_of_cents((heard * cents).sum(-1) / heard.sum(-1));
}

}  // namespace steer

#include "steer/sound/speech_objective.h"

#include <cmath>
#include <optional>

#include "steer/core/check.h"
#include "steer/sound/mel_hearing.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/score_in_parts.h"

namespace steer {
namespace {

constexpr int64_t kSpeechAtOnce = 16;  // samples
constexpr double kLoudest = 0.5;       // greatest sample of a spectrogram as it is heard
constexpr double kPartSeconds =
    static_cast<double>(SpeechNetwork::kChunk * SpeechNetwork::kHop) / SpeechNetwork::kRate;

// Sounds [N, T] of T / rate seconds at the network's rate, by their Fourier series.
Tensor at_networks_rate(const Tensor& x, double rate) {
  const auto samples =
      static_cast<int64_t>(std::llround(static_cast<double>(x.size(1)) * SpeechNetwork::kRate / rate));
  if (samples == x.size(1)) return x;
  const Tensor bins = at::fft_rfft(x);
  const int64_t wanted = samples / 2 + 1, there = std::min(wanted, bins.size(1));
  const Tensor padded = at::constant_pad_nd(bins.narrow(1, 0, there), {0, wanted - there});
  return at::fft_irfft(padded, samples) * (static_cast<double>(samples) / static_cast<double>(x.size(1)));
}

// What is heard, of either kind of sample.
class SpeechHearing {
 public:
  SpeechHearing(const Space& space, const SpeechNetwork& network, torch::Device device) : network_(network) {
    if (space.kind == "wave") {
      rate_ = space.rate_hz;
      seconds_ = static_cast<double>(space.sizes.at(2)) / rate_;
      return;
    }
    const MelOptions options = mel_options_of(space);
    frame_seconds_ = static_cast<double>(options.hop) / static_cast<double>(options.rate);
    seconds_ = static_cast<double>(space.sizes.at(2)) * frame_seconds_;
    hearing_.emplace(space, device);
  }

  int64_t parts() const { return static_cast<int64_t>(std::ceil(seconds_ / kPartSeconds - 1e-6)); }

  // [N, parts].
  Tensor logits(const Tensor& x) const {
    if (!hearing_) return network_.of_sounds(at_networks_rate(x.flatten(1), rate_));
    const Tensor pulses = hearing_->pulses(hearing_->spectra(x), SpeechNetwork::kWindow, SpeechNetwork::kRate)
                              .view({x.size(0), -1, SpeechNetwork::kWindow});
    const Tensor loud = pulses.detach().abs().amax({1, 2}, true).clamp_min(1e-6);
    const Tensor frames = (pulses * (kLoudest / loud)).flatten(0, 1);
    return network_.logits(
        at_networks_hop(network_.magnitudes(frames).view({x.size(0), -1, SpeechNetwork::kBins})));
  }

 private:
  // Spectra [N, frames, 129] of our frames at the network's times, between frames linearly.
  Tensor at_networks_hop(const Tensor& spectra) const {
    const int64_t count = parts() * SpeechNetwork::kChunk, last = spectra.size(1) - 1;
    const double hop = static_cast<double>(SpeechNetwork::kHop) / SpeechNetwork::kRate;
    const Tensor place = ((at::arange(count, spectra.options()) + 0.5) * (hop / frame_seconds_))
                             .clamp(0, static_cast<double>(last));
    const Tensor before = place.floor().to(torch::kInt64), share = (place - before).view({1, -1, 1});
    return spectra.index_select(1, before) * (1 - share) +
           spectra.index_select(1, (before + 1).clamp_max(last)) * share;
  }

  SpeechNetwork network_;
  double rate_ = 0, seconds_ = 0, frame_seconds_ = 0;
  std::optional<MelHearing> hearing_;  // of spectrograms
};

class SpeechObjective : public Objective {
 public:
  SpeechObjective(const Space& space, const SpeechNetwork& network, double begin, double end,
                  std::string words, torch::Device device)
      : hearing_(space, network, device), words_(std::move(words)) {
    const Tensor middle = (at::arange(hearing_.parts(), torch::kFloat64) + 0.5) * kPartSeconds;
    const Tensor meant = (middle >= begin) & (middle < end);
    STEER_CHECK(meant.any().item<bool>(),
                "[speech] expected parts of 32 ms from begin to end but got none from ", begin, " to ", end,
                " of ", static_cast<double>(hearing_.parts()) * kPartSeconds, " seconds");
    sign_ = (2 * meant.to(torch::kFloat32) - 1).to(device);
  }

  Tensor score(const State& samples) const override {
    return score_in_parts(samples.x, kSpeechAtOnce, [this](const Tensor& some, int64_t) {
      return at::log_sigmoid(hearing_.logits(some) * sign_).sum(1);
    });
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return words_; }

 private:
  SpeechHearing hearing_;
  std::string words_;
  Tensor sign_;  // [parts]: 1 where speech is wanted, else -1
};

std::unique_ptr<Objective> speech_by(const Arguments& arguments, const ObjectiveContext& context) {
  constexpr double kForever = 1e9;
  return speech_objective(
      context.space, SpeechNetwork(arguments.text("weights"), context.device), arguments.number("begin"),
      arguments.has("end") ? arguments.number("end") : kForever, arguments.words(), context.device);
}

}  // namespace

std::unique_ptr<Objective> speech_objective(const Space& space, const SpeechNetwork& network, double begin,
                                            double end, std::string words, torch::Device device) {
  STEER_CHECK(space.kind == "wave" || space.kind == "mel", "[speech] expected sounds but got samples ",
              text_of(space));
  return std::make_unique<SpeechObjective>(space, network, begin, end, std::move(words), device);
}

Word speech_word(const std::string& kind) {
  constexpr double kMostSpeechSeconds = 1e6;
  return {
      "speech",
      {},
      {kind},
      Nature::kGradient,
      "speech from begin to end, in seconds, and none elsewhere, as Silero's network hears it",
      "speech(begin=0.1, end=" + std::string(kind == "mel" ? "0.4" : "0.3") + ", weights=speech.safetensors)",
      {number_parameter("begin", 0, 0, kMostSpeechSeconds, "where speech begins"),
       optional(
           number_parameter("end", 0, 0, kMostSpeechSeconds, "where it ends; the sound's end unless given")),
       required(file_parameter("weights", "a network that tools/convert_silero.py wrote"))},
      speech_by,
      {}};
}

}  // namespace steer

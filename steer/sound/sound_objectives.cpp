#include "steer/sound/sound_objectives.h"

#include <algorithm>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/sound/mel_hearing.h"
#include "steer/sound/score_in_parts.h"

namespace steer {
namespace {

constexpr double kSecondsOfPitch = 0.032;  // from a frame that is heard to the next
constexpr double kQuiet = 1e-3;            // power of frames that do not count, beside the loudest
constexpr int64_t kHeardAtOnce = 16;       // samples
constexpr double kCentsOfSemitone = 100;
constexpr double kVoiceLevel = 1e-3;  // mean square of samples, as VoiceNetwork::of_sounds has it

class PitchObjective : public Objective {
 public:
  PitchObjective(const Space& space, const PitchNetwork& network, double hz, double noise, std::string words,
                 torch::Device device)
      : hearing_(space, device), network_(network), noise_(noise), words_(std::move(words)) {
    far_ = (pitch_cents() - cents_of_hz(hz)).abs().div(kCentsOfSemitone).to(device);
    STEER_CHECK(far_.min().item<float>() <= 1, "[pitch] expected a pitch of 32 to 2006 Hz but got ", hz);
  }

  Tensor score(const State& samples) const override {
    return score_in_parts(samples.x, kHeardAtOnce,
                          [this](const Tensor& mels, int64_t) { return of_some(mels); });
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return words_; }

 private:
  Tensor of_some(const Tensor& mels) const {
    const int64_t frames = mels.size(3), step = std::min(hearing_.frames_of(kSecondsOfPitch), frames);
    const Tensor some = mels.slice(3, step / 2, frames, step);
    const Tensor spectra = hearing_.spectra(some), power = spectra.detach().sum(1).view({mels.size(0), -1});
    const Tensor bins = network_.bins(hearing_.pulses(spectra, PitchNetwork::kWindow, PitchNetwork::kRate))
                            .view({mels.size(0), -1, PitchNetwork::kBins});
    const Tensor squares = bins.square(), apart = at::matmul(squares, far_) / squares.sum(2);
    const Tensor loud = (power > power.amax(1, true) * kQuiet).to(torch::kFloat32),
                 weight = bins.detach().amax(2) * loud;
    return (apart * weight).sum(1) / weight.sum(1) / -noise_;
  }

  MelHearing hearing_;
  PitchNetwork network_;
  double noise_;
  std::string words_;
  Tensor far_;  // [360]: semitones of each bin from what is wanted
};

class SpeakerObjective : public Objective {
 public:
  SpeakerObjective(const Space& space, const VoiceNetwork& network, const Tensor& targets,
                   double concentration, std::string words, torch::Device device)
      : hearing_(space, device), network_(network), concentration_(concentration), words_(std::move(words)) {
    const at::NoGradGuard no_gradients;
    wanted_ = heard(targets.to(device));
  }

  Tensor score(const State& samples) const override {
    const Tensor wanted = per_sample(wanted_, samples.x.size(0), "speaker").expand({samples.x.size(0), -1});
    return score_in_parts(samples.x, kHeardAtOnce, [&](const Tensor& mels, int64_t first) {
      return ((heard(mels) * wanted.narrow(0, first, mels.size(0))).sum(1) - 1) * concentration_;
    });
  }
  int64_t targets() const override { return wanted_.size(0); }
  bool differentiable() const override { return true; }
  std::string words() const override { return words_; }

 private:
  Tensor heard(const Tensor& mels) const {
    return network_.embedding(hearing_.bands(mels, VoiceNetwork::kRate, VoiceNetwork::kWindow,
                                             VoiceNetwork::kHop, VoiceNetwork::kBands, kVoiceLevel));
  }

  MelHearing hearing_;
  VoiceNetwork network_;
  double concentration_;
  std::string words_;
  Tensor wanted_;  // [T, E]
};

}  // namespace

std::unique_ptr<Objective> pitch_objective(const Space& space, const PitchNetwork& network, double hz,
                                           double noise, std::string words, torch::Device device) {
  return std::make_unique<PitchObjective>(space, network, hz, noise, std::move(words), device);
}

std::unique_ptr<Objective> speaker_objective(const Space& space, const VoiceNetwork& network,
                                             const Tensor& targets, double concentration, std::string words,
                                             torch::Device device) {
  return std::make_unique<SpeakerObjective>(space, network, targets, concentration, std::move(words), device);
}

}  // namespace steer

// Sounds as spectrograms and back, beside librosa (bench/sound_speed.py): options "part" is bytes, inverse or
// griffin_lim, "samples" how long the sound is.
#include <cmath>

#include "bench/work.h"
#include "steer/core/check.h"
#include "steer/sound/griffin_lim.h"
#include "steer/sound/mel.h"

namespace steer::bench {
namespace {

// Three falling tones of speech's and music's range under a little noise, [1, samples].
Tensor tones(int64_t samples, int64_t rate) {
  const Tensor t = at::arange(samples, torch::kFloat64) / rate;
  Tensor sound = at::zeros({samples}, torch::kFloat64);
  for (const double hz : {220.0, 1234.0, 3000.0}) sound += (-t).exp() * (2 * M_PI * hz * t).sin() / 4;
  // A sequence that another language makes as well.
  const Tensor step = at::arange(samples, torch::kInt64) * 7919 % 65537;
  return (sound + 0.02 * (step.to(torch::kFloat64) / 65537 - 0.5)).to(torch::kFloat32).unsqueeze(0);
}

class SoundWork : public Work {
 public:
  explicit SoundWork(const Json& options) : part_(options.at("part")), mel_(MelOptions()) {
    sound_ = tones(options.at("samples"), mel_.options().rate);
    power_ = mel_.forward(sound_);
    if (part_ == "griffin_lim") magnitudes_ = mel_.inverse(power_).sqrt();
    STEER_CHECK(part_ == "bytes" || part_ == "inverse" || part_ == "griffin_lim",
                "expected the part bytes, inverse or griffin_lim but got ", part_);
  }

  Checkpoint problem() override {
    Checkpoint problem;
    problem.tensors = {{"input.sound", sound_}, {"input.power", power_}};
    if (part_ == "bytes") problem.tensors["answer.bytes"] = mel_.bytes(sound_).to(torch::kFloat32);
    if (part_ == "inverse") problem.tensors["answer.residual"] = residual(mel_.inverse(power_));
    if (part_ == "griffin_lim") {
      problem.tensors["input.magnitudes"] = magnitudes_;
      const StftOptions stft;
      const Tensor found = griffin_lim(magnitudes_, stft, {}, {}, sound_.size(1));
      problem.tensors["answer.convergence"] =
          spectral_convergence(found, magnitudes_, stft).to(torch::kFloat32);
    }
    return problem;
  }

  void run() override {
    if (part_ == "bytes") mel_.bytes(sound_);
    if (part_ == "inverse") mel_.inverse(power_);
    if (part_ == "griffin_lim") griffin_lim(magnitudes_, StftOptions(), {}, {}, sound_.size(1));
  }

 private:
  // How far the bands of these frequencies are from those that were given, as a share.
  Tensor residual(const Tensor& frequencies) const {
    return (at::matmul(mel_.filters(), frequencies) - power_).norm().div(power_.norm()).view({1});
  }

  std::string part_;
  MelSpectrogram mel_;
  Tensor sound_, power_, magnitudes_;
};

}  // namespace

std::unique_ptr<Work> make_sound(const Json& options) {
  return std::make_unique<SoundWork>(options);
}

}  // namespace steer::bench

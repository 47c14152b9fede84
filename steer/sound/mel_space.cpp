#include "steer/sound/mel_space.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/sound/resample.h"

namespace steer {
namespace {

constexpr char kMelKind[] = "mel";
constexpr double kHalfByte = 127.5;
constexpr float kLoudest = 0.9F;  // of a sound that comes from a spectrogram

}  // namespace

Space mel_space(const MelOptions& options, int64_t frames) {
  Json text = options_json(options);
  text.erase("rate");
  Space space =
      maps_space({kMelKind, static_cast<double>(options.rate), json_text(text)}, 1, options.bands, frames);
  return space;
}

MelOptions usual_mel_options(int64_t rate, int64_t bands) {
  constexpr int64_t kHopsInASecond = 125, kHopsInAWindow = 8;
  MelOptions options;
  options.rate = rate, options.bands = bands;
  options.hop = std::max<int64_t>(2, rate / kHopsInASecond);
  options.window = kHopsInAWindow * options.hop;
  options.padding = "constant";
  return options;
}

MelOptions mel_options_of(const Space& space) {
  STEER_CHECK(space.kind == kMelKind && space.sizes.size() == 3 && space.sizes[0] == 1,
              "[mel] expected spectrograms [1, bands, frames] but got samples ", text_of(space));
  MelOptions options;
  Json text = Json::parse(space.alphabet, nullptr, false);
  STEER_CHECK(text.is_object(), "[mel] expected a space that says how its bands were made but it says \"",
              space.alphabet, "\"");
  read_options(options, text, "mel");
  options.rate = static_cast<int64_t>(space.rate_hz);
  STEER_CHECK(options.bands == space.sizes[1], "[mel] expected ", options.bands,
              " bands, as the space says, but got ", space.sizes[1]);
  return options;
}

int64_t sound_samples(const Space& space) {
  return space.sizes.at(2) * mel_options_of(space).hop - 1;
}

State as_mels(const Space& space, const std::vector<Sound>& sounds) {
  const MelOptions options = mel_options_of(space);
  const MelSpectrogram mel(options);
  const int64_t samples = sound_samples(space);
  const Tensor waves = at::zeros({static_cast<int64_t>(sounds.size()), samples});
  for (size_t i = 0; i < sounds.size(); ++i) {
    const Sound sound = resampled(as_mono(sounds[i]), options.rate);
    const int64_t some = std::min(samples, sound.frames());
    waves[static_cast<int64_t>(i)].narrow(0, 0, some).copy_(sound.samples[0].narrow(0, 0, some));
  }
  return State(mel.bytes(waves).to(torch::kFloat32).div_(kHalfByte).sub_(1).unsqueeze(1));
}

std::vector<Sound> sounds_of(const Space& space, const State& mels) {
  const MelOptions options = mel_options_of(space);
  const MelSpectrogram mel(options);
  const Tensor levels = (mels.x.to(torch::kCPU, torch::kFloat32).squeeze(1).clamp(-1, 1) + 1) * kHalfByte;
  const Tensor waves = mel.sound(levels, {}, {}, sound_samples(space));
  std::vector<Sound> sounds;
  for (int64_t i = 0; i < waves.size(0); ++i) {
    const Tensor wave = waves.narrow(0, i, 1), loudest = wave.abs().max();
    // The lowest level everywhere is silence.
    const bool silent = (levels[i] <= 0).all().item<bool>() || loudest.item<float>() <= 0;
    sounds.push_back({silent ? at::zeros_like(wave) : wave * (kLoudest / loudest), options.rate});
  }
  return sounds;
}

}  // namespace steer

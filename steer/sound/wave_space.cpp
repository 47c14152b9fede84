#include "steer/sound/wave_space.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/sound/resample.h"

namespace steer {
namespace {

constexpr char kWaveKind[] = "wave";

}  // namespace

Space wave_space(int64_t rate, int64_t samples, const WaveOptions& options) {
  check_options(options, "wave");
  STEER_CHECK(rate >= 1 && rate <= kMostSoundRate && samples >= 1 && samples <= kMostSoundSamples,
              "[wave] expected a rate of 1 to ", kMostSoundRate, " Hz and 1 to ", kMostSoundSamples,
              " samples but got ", rate, " and ", samples);
  const std::string said = options.peak > 0 ? json_text(options_json(options)) : "";
  return maps_space({kWaveKind, static_cast<double>(rate), said}, 1, 1, samples);
}

WaveOptions wave_options_of(const Space& space) {
  STEER_CHECK(space.kind == kWaveKind && space.sizes.size() == 3 && space.sizes[0] == 1 &&
                  space.sizes[1] == 1 && space.rate_hz >= 1,
              "[wave] expected waveforms [1, 1, samples] at a rate but got samples ", text_of(space));
  WaveOptions options;
  if (space.alphabet.empty()) return options;
  const Json text = Json::parse(space.alphabet, nullptr, false);
  STEER_CHECK(text.is_object(), "[wave] expected a space that says how loud its sounds are but it says \"",
              space.alphabet, "\"");
  read_options(options, text, "wave");
  check_options(options, "wave");
  return options;
}

State as_waves(const Space& space, const std::vector<Sound>& sounds) {
  const WaveOptions options = wave_options_of(space);
  const int64_t samples = space.sizes[2];
  const Tensor waves = at::zeros({static_cast<int64_t>(sounds.size()), 1, 1, samples});
  for (size_t i = 0; i < sounds.size(); ++i) {
    const Sound sound = resampled(as_mono(sounds[i]), static_cast<int64_t>(space.rate_hz));
    const int64_t some = std::min(samples, sound.frames());
    const Tensor wave = waves[static_cast<int64_t>(i)];
    wave.narrow(2, 0, some).copy_(sound.samples.narrow(1, 0, some));
    const double greatest = wave.abs().max().item<double>();
    if (options.peak > 0 && greatest > 0) wave.mul_(options.peak / greatest);
  }
  return State(waves.clamp_(-1, 1));
}

std::vector<Sound> sounds_of_waves(const Space& space, const State& waves) {
  wave_options_of(space);
  const Tensor x = waves.x.detach().to(torch::kCPU, torch::kFloat32).clamp(-1, 1);
  std::vector<Sound> sounds;
  for (int64_t i = 0; i < x.size(0); ++i)
    sounds.push_back({x[i].flatten(0, 1).contiguous(), static_cast<int64_t>(space.rate_hz)});
  return sounds;
}

}  // namespace steer

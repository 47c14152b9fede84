#include "steer/sound/wave_data.h"

#include "steer/core/check.h"
#include "steer/sound/sound_data.h"
#include "steer/sound/wave_space.h"

namespace steer {
namespace {

constexpr char kWavePrefix[] = "wave:";
constexpr int64_t kUsualSamples = 4096;

}  // namespace

std::string wave_path(const std::string& path) {
  return kWavePrefix + path;
}

bool names_waves(const std::string& path) {
  return path.rfind(kWavePrefix, 0) == 0;
}

std::unique_ptr<Dataset> make_wave_dataset(const DataOptions& options) {
  STEER_CHECK(names_waves(options.path), "[data] ", options.path, ": expected ", kWavePrefix, "PATH");
  DataOptions sounds = options;
  sounds.path = options.path.substr(sizeof kWavePrefix - 1);
  const LabelledSounds all = labelled_sounds(sounds);
  const Space space =
      wave_space(rate_asked(options, all), options.size > 0 ? options.size : kUsualSamples, {options.peak});
  return sound_dataset(space, as_waves(space, all.sounds).x, all);
}

const std::vector<Named>& wave_data() {
  static const std::vector<Named> table = {
      {"wave:<sounds>", "sounds of such a folder or archive, or of digits, as waveforms"},
  };
  return table;
}

}  // namespace steer

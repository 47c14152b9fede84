#include "steer/sound/mel_data.h"

#include "steer/core/check.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/sound_data.h"

namespace steer {
namespace {

constexpr int64_t kUsualSide = 64;

}  // namespace

std::unique_ptr<Dataset> make_mel_dataset(const DataOptions& options) {
  STEER_CHECK(options.peak == 0, "[data] ", options.path,
              ": expected no peak with spectrograms, which are relative to the loudest");
  const LabelledSounds all = labelled_sounds(options);
  const int64_t side = options.size > 0 ? options.size : kUsualSide;
  const Space space = mel_space(usual_mel_options(rate_asked(options, all), side), side);
  return sound_dataset(space, as_mels(space, all.sounds).x, all);
}

const std::vector<Named>& mel_data() {
  static const std::vector<Named> table = {
      {"<sounds>", "a folder of .wav, .flac, .ogg or .aiff files, those of one folder in it being a class"},
      {"<digits>", "a folder or archive of recordings named DIGIT_SPEAKER_TAKE.wav, as FSDD's"},
  };
  return table;
}

}  // namespace steer

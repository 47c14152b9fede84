#include "steer/sound/mel_modality.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/picture/grid.h"
#include "steer/picture/nested.h"
#include "steer/sound/mel_data.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/mel_words.h"
#include "steer/sound/sound_data.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/spectrogram_picture.h"

namespace steer {
namespace {

constexpr int64_t kShownHeight = 128, kMostColumns = 8;

State read_mel(const std::string& path, const Space& space, const std::string&) {
  return as_mels(space, {read_sound(path)});
}

// Spectrograms as colours, low frequencies at the bottom, each number a square: [N, 3, h, w] in [-1, 1].
Tensor coloured(const Tensor& x, bool large) {
  const Tensor shares = ((x.clamp(-1, 1) + 1) / 2).squeeze(1).flip(1).contiguous();
  const Tensor colours = dark_to_light(shares).transpose(0, 1).contiguous();
  const int64_t zoom = large ? std::max<int64_t>(1, kShownHeight / x.size(2)) : 1;
  return colours.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3);
}

Tensor picture_of_mels(const Space&, const std::vector<State>& sources, int64_t columns) {
  const int64_t fitting = std::min<int64_t>(sources[0].x.size(0), kMostColumns);
  if (sources.size() == 1) return image_grid(coloured(sources[0].x, true), columns > 0 ? columns : 0);
  std::vector<Tensor> pictures;
  for (const State& source : sources) pictures.push_back(coloured(source.x, true));
  return stacked_grid(pictures, columns > 0 ? columns : fitting);
}

Tensor nested_mels(const std::vector<State>& levels, int64_t cell) {
  std::vector<Tensor> pictures;
  for (const State& level : levels) pictures.push_back(coloured(level.x, false));
  return nested_picture(pictures, cell);
}

Tensor small_mels(const State& mels, int64_t side) {
  return at::adaptive_avg_pool2d(mels.x, {std::min(side, mels.x.size(2)), std::min(side, mels.x.size(3))});
}

std::string file_of_mels(const std::string& path, const Space& space, const State& mels) {
  return encode_sound(one_after_the_other(sounds_of(space, mels)), path).bytes;
}

void fit_mels(DataOptions& options, const Space& space) {
  options.size = space.sizes.at(1);
  options.rate = static_cast<int64_t>(space.rate_hz);
}

}  // namespace

const Modality& mel_modality() {
  static const Modality modality = [] {
    Modality m;
    m.kind = mel_space({}, 1).kind;
    m.plural = "sounds";
    m.meaning = "sounds as mel spectrograms [1, bands, frames] in [-1, 1]; WAV, FLAC, OGG and AIFF files";
    m.read = read_mel;
    m.holds = names_sounds;
    m.dataset = make_mel_dataset;
    m.data = mel_data();
    m.fitted = fit_mels;
    m.picture = picture_of_mels;
    m.alone = [](const State& sample) { return coloured(sample.x, true).select(0, 0); };
    m.writes = [](const std::string& path) { return is_sound_name(path); };
    m.file_of = file_of_mels;
    m.nested = nested_mels;
    m.sketch = small_mels;
    m.words = &mel_words();
    return m;
  }();
  return modality;
}

}  // namespace steer

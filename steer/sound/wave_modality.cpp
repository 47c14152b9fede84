#include "steer/sound/wave_modality.h"

#include <algorithm>

#include "steer/picture/grid.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/spectrogram_picture.h"
#include "steer/sound/wave_data.h"
#include "steer/sound/wave_space.h"
#include "steer/sound/wave_words.h"

namespace steer {
namespace {

constexpr int64_t kMostWaves = 8;  // side by side

State read_wave(const std::string& path, const Space& space, const std::string&) {
  return as_waves(space, {read_sound(path)});
}

// Each waveform above its spectrogram: [N, 3, h, w] in [-1, 1]. What leaves full scale is clamped.
Tensor drawn_waves(const Tensor& x, int64_t rate) {
  SpectrogramPictureOptions options;
  options.width = 256, options.height = 96, options.strip = 45;
  const Tensor waves = x.detach().to(torch::kCPU, torch::kFloat32).nan_to_num(0).clamp(-1, 1).flatten(1, 2);
  std::vector<Tensor> pictures;
  for (const Tensor& wave : waves.unbind()) pictures.push_back(spectrogram_picture({wave, rate}, options));
  return at::stack(pictures);
}

Tensor picture_of_waves(const Space& space, const std::vector<State>& sources, int64_t columns) {
  const auto rate = static_cast<int64_t>(space.rate_hz);
  if (sources.size() == 1) return image_grid(drawn_waves(sources[0].x, rate), std::max<int64_t>(columns, 0));
  std::vector<Tensor> pictures;
  for (const State& source : sources) pictures.push_back(drawn_waves(source.x, rate));
  return stacked_grid(pictures, columns > 0 ? columns : std::min(sources[0].x.size(0), kMostWaves));
}

std::string file_of_waves(const std::string& path, const Space& space, const State& waves) {
  return encode_sound(one_after_the_other(sounds_of_waves(space, waves)), path).bytes;
}

void fit_waves(DataOptions& options, const Space& space) {
  if (!names_waves(options.path)) options.path = wave_path(options.path);
  options.size = space.sizes.at(2);
  options.rate = static_cast<int64_t>(space.rate_hz);
  options.peak = wave_options_of(space).peak;
}

}  // namespace

const Modality& wave_modality() {
  static const Modality modality = [] {
    Modality m;
    m.kind = wave_space(1, 1).kind;
    m.plural = "waveforms";
    m.meaning = "sounds as waveforms [1, 1, samples] in [-1, 1]; WAV, FLAC, OGG and AIFF files";
    m.read = read_wave;
    m.holds = names_waves;
    m.dataset = make_wave_dataset;
    m.data = wave_data();
    m.fitted = fit_waves;
    m.picture = picture_of_waves;
    m.writes = [](const std::string& path) { return is_sound_name(path); };
    m.file_of = file_of_waves;
    m.words = &wave_words();
    return m;
  }();
  return modality;
}

}  // namespace steer

#include "steer/sound/block_modality.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/picture/grid.h"
#include "steer/sound/block_space.h"
#include "steer/sound/sound_data.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/spectrogram_picture.h"

namespace steer {
namespace {

constexpr char kBlockPrefix[] = "blocks:";
constexpr int64_t kUsualBlock = 64;
constexpr int64_t kBlocksShown = 256;  // blocks, where a picture shows what they are like

bool names_blocks(const std::string& path) {
  return path.rfind(kBlockPrefix, 0) == 0;
}

State read_blocks(const std::string& path, const Space& space, const std::string&) {
  return as_blocks(space, read_sound(path));
}

// Of several sources one above the other.
Tensor picture_of_blocks(const Space& space, const std::vector<State>& sources, int64_t) {
  std::vector<Tensor> pictures;
  for (const State& source : sources) {
    State known(source.x.nan_to_num(0));
    pictures.push_back(spectrogram_picture(sound_of_blocks(space, known)).unsqueeze(0));
  }
  return stacked_grid(pictures, 1);
}

std::string file_of_blocks(const std::string& path, const Space& space, const State& blocks) {
  return encode_sound(sound_of_blocks(space, blocks), path).bytes;
}

void fit_blocks(DataOptions& options, const Space& space) {
  if (!names_blocks(options.path)) options.path = kBlockPrefix + options.path;
  options.size = space.sizes.at(0);
  options.rate = static_cast<int64_t>(space.rate_hz);
  options.peak = block_options_of(space).peak;
}

}  // namespace

std::unique_ptr<Dataset> make_block_dataset(const DataOptions& options) {
  STEER_CHECK(names_blocks(options.path), "[data] ", options.path, ": expected ", kBlockPrefix, "PATH");
  DataOptions sounds = options;
  sounds.path = options.path.substr(sizeof kBlockPrefix - 1), sounds.limit = 0;
  const LabelledSounds whole = labelled_sounds(sounds);
  const Space space =
      block_space(rate_asked(options, whole), options.size > 0 ? options.size : kUsualBlock, {options.peak});
  std::vector<Tensor> blocks;
  std::vector<std::string> names;
  for (size_t i = 0; i < whole.sounds.size(); ++i) {
    blocks.push_back(as_blocks(space, whole.sounds[i]).x);
    names.insert(names.end(), static_cast<size_t>(blocks.back().size(0)), whole.name[i]);
  }
  LabelledSounds some;
  std::vector<int64_t> chosen;
  for (const size_t i : at_even_distances(names.size(), options.limit)) {
    some.name.push_back(names[i]);
    chosen.push_back(static_cast<int64_t>(i));
  }
  return sound_dataset(space, at::cat(blocks).index_select(0, at::tensor(chosen, torch::kInt64)), some);
}

const Modality& block_modality() {
  static const std::vector<Word> no_words;
  static const Modality modality = [] {
    Modality m;
    m.kind = block_space(1, 1).kind;
    m.plural = "blocks";
    m.meaning =
        "sounds cut into blocks [samples] in [-1, 1], a file being many; WAV, FLAC, OGG and AIFF files";
    m.read = read_blocks;
    m.holds = names_blocks;
    m.dataset = make_block_dataset;
    m.data = {{"blocks:<sounds>", "sounds of such a folder or archive, or of digits, cut into blocks"}};
    m.fitted = fit_blocks;
    m.picture = picture_of_blocks;
    m.writes = [](const std::string& path) { return is_sound_name(path); };
    m.file_of = file_of_blocks;
    m.shown = kBlocksShown;
    m.words = &no_words;
    return m;
  }();
  return modality;
}

}  // namespace steer

#include "steer/work/pictures.h"

#include <filesystem>

#include "steer/core/build.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/picture_writing.h"

namespace steer {

namespace fs = std::filesystem;

Tensor picture_of(const Space& space, const State& samples, int64_t columns) {
  return modality_of(space).picture(space, {samples}, columns);
}

Tensor picture_of(const Space& space, const std::vector<State>& sources, int64_t columns) {
  return modality_of(space).picture(space, sources, columns);
}

Tensor picture_alone(const Space& space, const State& sample) {
  const Modality& modality = modality_of(space);
  return modality.alone ? modality.alone(sample) : modality.picture(space, {sample}, 1);
}

bool has_texts(const Space& space) {
  return static_cast<bool>(modality_of(space).texts);
}

std::vector<std::string> texts_of(const Space& space, const State& samples) {
  STEER_CHECK(has_texts(space), "[text] expected texts but got samples ", text_of(space));
  return modality_of(space).texts(space, samples);
}

std::string twin_path(const std::string& path) {
  return fs::path(path).replace_extension(".json").string();
}

void write_twin(const std::string& path, const Json& twin) {
  if (!fs::is_regular_file(path)) return;
  Json marked = twin;
  marked["steer"] = this_build().version;
  write_file(twin_path(path), json_text(marked, 2) + "\n");
}

void write_picture(const std::string& path, const Tensor& picture, const Json& twin,
                   const std::vector<PngText>& texts) {
  // A device or pipe takes a PNG, whatever its name.
  const bool named = !fs::exists(path) || fs::is_regular_file(path);
  write_file(path, encode_picture(picture, named ? path : "x.png", texts));
  write_twin(path, twin);
}

}  // namespace steer

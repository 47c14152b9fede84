#include "steer/work/begun.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/data/listing.h"
#include "steer/picture/picture_writing.h"
#include "steer/work/samples.h"

namespace steer {

std::vector<std::string> files_at(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return {path};
  std::vector<std::string> files;
  for (const Listed& file : folder_listing(path).files)
    if (file_ending(file.name) != ".json")
      files.push_back((std::filesystem::path(path) / file.source).string());
  STEER_CHECK(!files.empty(), "[begin] ", path, ": expected files to begin from but there are none");
  return files;
}

State shown_beginning(const Begun& begun, const Space& space) {
  State shown = read_samples(begun.files, space, begun.fit);
  // What is not known of a text is shown as masked.
  if (space.vocabulary > 0 && shown.mask.defined()) {
    shown.token = at::where(shown.mask, shown.token, at::full_like(shown.token, space.vocabulary));
    shown.mask = Tensor();
  }
  return shown;
}

Beginning beginning_of(const Begun& begun, const Space& space, int64_t first, int64_t count,
                       const State& made) {
  Beginning beginning;
  beginning.noise = begun.noise, beginning.inverted = begun.inverted;
  if (made.defined()) beginning.from = made;
  if (made.defined()) return beginning;
  if (begun.files.empty()) return beginning;
  // Each file is read once, whichever samples begin from it.
  const auto files = static_cast<int64_t>(begun.files.size());
  const Tensor which = (first + at::arange(count, torch::kInt64)).remainder(files);
  beginning.from = read_samples(begun.files, space, begun.fit).rows(which);
  return beginning;
}

}  // namespace steer

#include "steer/train/film.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "steer/core/tensors.h"
#include "steer/picture/gif.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

constexpr size_t kMostFrames = 60;

}  // namespace

bool write_film(const std::string& run) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(run + "/samples"))
    if (entry.path().extension() == ".png") paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  const size_t frames = std::min(paths.size(), kMostFrames);
  std::vector<at::Tensor> pictures;
  for (size_t i = 0; i < frames; ++i) {
    const size_t at = frames > 1 ? i * (paths.size() - 1) / (frames - 1) : 0;
    pictures.push_back(to_bytes(read_image(paths[at], 0)));
  }
  if (pictures.empty()) return false;
  const auto size = pictures.back().sizes().vec();
  pictures.erase(std::remove_if(pictures.begin(), pictures.end(),
                                [&](const at::Tensor& picture) { return picture.sizes() != size; }),
                 pictures.end());
  if (pictures.size() < 2) return false;
  GifOptions options;
  options.delay_centiseconds = 12;
  write_gif(run + "/film.gif", at::stack(pictures), options);
  return true;
}

}  // namespace steer

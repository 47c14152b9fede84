#include "steer/image/image_modality.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/image/datasets.h"
#include "steer/image/image_space.h"
#include "steer/image/rivals.h"
#include "steer/image/sized_image.h"
#include "steer/image/words.h"
#include "steer/picture/grid.h"
#include "steer/picture/images.h"
#include "steer/picture/nested.h"

namespace steer {
namespace {

State read_sample(const std::string& path, const Space& space, const std::string& fit) {
  const auto [channels, height, width] = map_sizes(space);
  const FitWords words = fit_words(fit);
  const Tensor image = read_bytes(path, channels, background_of(words));
  return from_bytes(at_size(image, path, words.fit, height, width).round_());
}

State brought(const State& images, const Space& from, const Space& to) {
  const MapSizes before = map_sizes(from), sizes = map_sizes(to);
  STEER_CHECK(before.channels == sizes.channels && before.height * sizes.width == before.width * sizes.height,
              "[resize] expected images of as many channels and of the same proportions as ", text_of(to),
              " but got ", text_of(from));
  State sized = images;
  sized.x = sizes.height < before.height
                ? area_resize(images.x, sizes.height, sizes.width)
                : at::upsample_bicubic2d(images.x, {sizes.height, sizes.width}, false);
  sized.x = within(to, sized.x);
  return sized;
}

Tensor picture_of(const Space&, const std::vector<State>& sources, int64_t columns) {
  if (sources.size() == 1) return image_grid(sources[0].x, columns);
  std::vector<Tensor> images;
  for (const State& source : sources) images.push_back(source.x);
  return stacked_grid(images, columns > 0 ? columns : std::min<int64_t>(images[0].size(0), 12));
}

Tensor nested_images(const std::vector<State>& levels, int64_t cell) {
  std::vector<Tensor> images;
  for (const State& level : levels) images.push_back(level.x);
  return nested_picture(images, cell);
}

Tensor small_images(const State& images, int64_t side) {
  return area_resize(images.x, std::min(side, images.x.size(2)), std::min(side, images.x.size(3)));
}

void fit_to(DataOptions& options, const Space& space) {
  const MapSizes sizes = map_sizes(space);
  options.size = sizes.height;
  options.channels = sizes.channels;
}

}  // namespace

const Modality& image_modality() {
  static const Modality modality = [] {
    Modality m;
    m.kind = "image";
    m.plural = "images";
    m.meaning = "images [C, H, W] in [-1, 1]; PNG, JPEG and WebP files";
    m.read = read_sample;
    m.holds = [](const std::string&) { return true; };
    m.dataset = make_image_dataset;
    m.data = image_data();
    m.fitted = fit_to;
    m.brought = brought;
    m.picture = picture_of;
    m.alone = [](const State& sample) { return sample.x.select(0, 0); };
    m.nested = nested_images;
    m.sketch = small_images;
    m.rivals = image_rivals();
    m.words = &image_words();
    return m;
  }();
  return modality;
}

}  // namespace steer

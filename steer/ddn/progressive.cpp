#include "steer/ddn/progressive.h"

#include <algorithm>

#include "steer/core/check.h"

namespace steer {

Progression progression(const Network& network, int64_t rows, const Chooser& chooser,
                        const std::vector<int64_t>& layers, const Condition& condition) {
  torch::NoGradGuard no_grad;
  const int64_t size = network.image_size(), depth = network.depth();
  for (size_t i = 0; i < layers.size(); ++i)
    STEER_CHECK(layers[i] >= (i ? layers[i - 1] + 1 : 0) && layers[i] < depth,
                "[progression] expected rising layers from 0 to ", depth - 1, " but got ", layers[i]);
  Progression made;
  const Observer observer = [&](const LayerStep& step) {
    if (!layers.empty() && !std::binary_search(layers.begin(), layers.end(), step.layer)) return;
    made.images.push_back(
        step.image.size(2) == size ? step.image : at::upsample_bilinear2d(step.image, {size, size}, false));
  };
  made.code = network.run(rows, chooser, observer, condition).code;
  return made;
}

std::vector<int64_t> spread_layers(int64_t depth, int64_t most) {
  STEER_CHECK(depth >= 1 && most >= 1, "[spread_layers] expected at least one layer but got ", most, " of ",
              depth);
  const int64_t count = std::min(depth, most);
  std::vector<int64_t> layers;
  for (int64_t i = 0; i < count; ++i)
    layers.push_back(count == 1 ? depth - 1 : (i * (depth - 1) + (count - 1) / 2) / (count - 1));
  return layers;
}

}  // namespace steer

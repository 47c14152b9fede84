#include "steer/picture/grid.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

Tensor image_grid(const Tensor& images, int64_t columns, int64_t gap) {
  STEER_CHECK(images.dim() == 4 && images.size(0) > 0,
              "[image_grid] expected images [N, C, H, W], N > 0, but got ", shape_text(images.sizes()));
  const int64_t count = images.size(0), height = images.size(2), width = images.size(3);
  if (columns <= 0) columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  columns = std::min(columns, count);
  const int64_t rows = (count + columns - 1) / columns;
  const auto options = at::TensorOptions().dtype(torch::kFloat32);
  Tensor grid =
      at::ones({images.size(1), gap + rows * (height + gap), gap + columns * (width + gap)}, options);
  const Tensor source = images.detach().to(options.device(torch::kCPU));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t y = gap + i / columns * (height + gap), x = gap + i % columns * (width + gap);
    grid.narrow(1, y, height).narrow(2, x, width).copy_(source[i]);
  }
  return grid;
}

Tensor stacked_grid(const std::vector<Tensor>& sources, int64_t columns) {
  STEER_CHECK(!sources.empty() && columns > 0,
              "[stacked_grid] expected sources and a positive number of columns");
  const int64_t count = sources[0].size(0);
  columns = std::min(columns, count);
  std::vector<Tensor> tiles;
  for (int64_t at = 0; at < count; at += columns)
    for (const Tensor& source : sources) {
      const int64_t some = std::min(columns, count - at);
      tiles.push_back(source.narrow(0, at, some));
      if (some < columns) tiles.push_back(at::ones_like(sources[0][0]).expand({columns - some, -1, -1, -1}));
    }
  return image_grid(at::cat(tiles), columns);
}

Tensor enlarged(const Tensor& picture, int64_t zoom) {
  constexpr int64_t kMaxZoom = 64;
  STEER_CHECK(picture.dim() == 3, "[enlarged] expected a picture [C, H, W] but got ",
              shape_text(picture.sizes()));
  STEER_CHECK(zoom >= 1 && zoom <= kMaxZoom, "[enlarged] expected a zoom of 1 to ", kMaxZoom, " but got ",
              zoom);
  const int64_t channels = picture.size(0), height = picture.size(1), width = picture.size(2);
  return picture.unsqueeze(2)
      .unsqueeze(4)
      .expand({channels, height, zoom, width, zoom})
      .reshape({channels, height * zoom, width * zoom});
}

}  // namespace steer

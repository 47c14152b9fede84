#include "steer/picture/fit.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Planes are made float in portions of about so many values, so that a whole data set never is.
constexpr int64_t kPortion = 1 << 22;

int64_t rows_of_portion(const Tensor& rows) {
  return std::max<int64_t>(1, kPortion / std::max<int64_t>(1, rows[0].numel()));
}

// Pictures of so few colours, and of so many pixels to each of them, are drawn, not photographed.
constexpr int64_t kPalette = 64, kPixelsOfAColour = 4;

// Which of images uint8 [N, C, H, W] are: bool [N].
Tensor drawn_in_pixels(const Tensor& images) {
  Tensor colour = images.select(1, 0).to(torch::kInt32);
  for (int64_t c = 1; c < images.size(1); ++c)
    colour = colour.mul(256).add_(images.select(1, c).to(torch::kInt32));
  const Tensor ordered = std::get<0>(colour.flatten(1).sort(1));
  const int64_t last = ordered.size(1) - 1;
  return ordered.narrow(1, 1, last)
      .ne(ordered.narrow(1, 0, last))
      .sum(1)
      .lt(std::min(kPalette, (last + 1) / kPixelsOfAColour));
}

// Enlarged by a whole factor along both sides.
bool by_whole_factors(const Tensor& images, int64_t height, int64_t width) {
  return height % images.size(2) == 0 && width % images.size(3) == 0;
}

// As numbers of `type`; bytes are rounded.
Tensor smoothly_resized(const Tensor& images, int64_t height, int64_t width, torch::ScalarType type) {
  if (images.size(2) == height && images.size(3) == width) return images.to(type);
  const Tensor planes = images.reshape({-1, 1, images.size(2), images.size(3)});
  const Tensor out = at::empty({planes.size(0), 1, height, width}, type);
  const int64_t most = rows_of_portion(planes);
  for (int64_t i = 0; i < planes.size(0); i += most) {
    const int64_t count = std::min(most, planes.size(0) - i);
    Tensor portion = planes.narrow(0, i, count).to(torch::kFloat32);
    portion = area_resize(portion, std::min(height, portion.size(2)), std::min(width, portion.size(3)));
    if (portion.size(2) != height || portion.size(3) != width)
      portion = at::upsample_bilinear2d(portion, {height, width}, false);
    if (type == torch::kUInt8) portion = portion.round_().clamp_(0, 255);
    out.narrow(0, i, count).copy_(portion);
  }
  return out.view({images.size(0), images.size(1), height, width});
}

Tensor resized(const Tensor& images, int64_t height, int64_t width, torch::ScalarType type) {
  const Tensor smooth = smoothly_resized(images, height, width, type);
  if (!by_whole_factors(images, height, width) || images.sizes() == smooth.sizes()) return smooth;
  const Tensor drawn = at::nonzero(drawn_in_pixels(images)).squeeze(1);
  const Tensor squares = images.index_select(0, drawn)
                             .repeat_interleave(height / images.size(2), 2)
                             .repeat_interleave(width / images.size(3), 3);
  return smooth.index_copy(0, drawn, squares.to(type));
}

Tensor padded(const Tensor& images, int64_t height, int64_t width, torch::ScalarType type) {
  const double scale = std::min({1.0, static_cast<double>(height) / static_cast<double>(images.size(2)),
                                 static_cast<double>(width) / static_cast<double>(images.size(3))});
  const auto side = [&](int64_t old) { return std::max<int64_t>(1, std::llround(old * scale)); };
  const Tensor small = resized(images, side(images.size(2)), side(images.size(3)), type);
  const int64_t h = small.size(2), w = small.size(3);
  if (h == height && w == width) return small;
  const Tensor out = at::zeros({images.size(0), images.size(1), height, width}, type);
  out.narrow(2, (height - h) / 2, h).narrow(3, (width - w) / 2, w).copy_(small);
  return out;
}

// The largest part in the middle whose sides are as height to width.
Tensor cropped(const Tensor& images, int64_t height, int64_t width) {
  const int64_t h = images.size(2), w = images.size(3);
  const int64_t rows = std::clamp<int64_t>(w * height / width, 1, h);
  const int64_t columns = std::clamp<int64_t>(h * width / height, 1, w);
  return images.narrow(2, (h - rows) / 2, rows).narrow(3, (w - columns) / 2, columns);
}

Tensor brought(const Tensor& images, int64_t height, int64_t width, const std::string& fit,
               torch::ScalarType type) {
  STEER_CHECK(fit == "pad" || fit == "resize" || fit == "crop",
              "[data] expected fit pad, resize or crop but got ", fit);
  if (fit == "pad") return padded(images, height, width, type);
  return resized(fit == "crop" ? cropped(images, height, width) : images, height, width, type).contiguous();
}

}  // namespace

Tensor with_channels(const Tensor& images, int64_t channels) {
  STEER_CHECK(channels == 0 || channels == 1 || channels == 3, "[data] expected channels 0, 1 or 3 but got ",
              channels);
  const int64_t stored = images.size(1);
  if (channels == 0 || channels == stored) return images;
  if (channels == 3) return images.expand({-1, 3, -1, -1}).contiguous();
  const Tensor out = at::empty({images.size(0), 1, images.size(2), images.size(3)}, torch::kUInt8);
  const int64_t most = rows_of_portion(images);
  for (int64_t i = 0; i < images.size(0); i += most) {
    const int64_t count = std::min(most, images.size(0) - i);
    const Tensor portion = images.narrow(0, i, count);
    const auto weighted = [&](int64_t channel, double weight) {
      return portion.select(1, channel).to(torch::kFloat32).mul_(weight);
    };
    const Tensor grey = weighted(0, 0.299).add_(weighted(1, 0.587)).add_(weighted(2, 0.114));
    out.narrow(0, i, count).copy_(grey.unsqueeze(1).round_().clamp_(0, 255));
  }
  return out;
}

Tensor fitted(const Tensor& images, int64_t size, const std::string& fit) {
  STEER_CHECK(size >= 0 && size <= kMaxFit, "[data] expected a size of 0 to ", kMaxFit, " but got ", size);
  return size ? brought(images, size, size, fit, torch::kUInt8) : images;
}

Tensor fitted_exactly(const Tensor& images, int64_t height, int64_t width, const std::string& fit) {
  return brought(images, height, width, fit, torch::kFloat32);
}

}  // namespace steer

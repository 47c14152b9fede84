#include "steer/picture/fit.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Images are made float in portions, so that a whole data set never is.
constexpr int64_t kPortion = 1024;

Tensor resized(const Tensor& images, int64_t height, int64_t width) {
  if (images.size(2) == height && images.size(3) == width) return images;
  const Tensor out = at::empty({images.size(0), images.size(1), height, width}, torch::kUInt8);
  for (int64_t i = 0; i < images.size(0); i += kPortion) {
    const int64_t count = std::min(kPortion, images.size(0) - i);
    Tensor portion = images.narrow(0, i, count).to(torch::kFloat32);
    portion = area_resize(portion, std::min(height, portion.size(2)), std::min(width, portion.size(3)));
    if (portion.size(2) != height || portion.size(3) != width)
      portion = at::upsample_bilinear2d(portion, {height, width}, false);
    out.narrow(0, i, count).copy_(portion.round_().clamp_(0, 255));
  }
  return out;
}

Tensor padded(const Tensor& images, int64_t size) {
  const double scale = std::min(1.0, static_cast<double>(size) / std::max(images.size(2), images.size(3)));
  const auto side = [&](int64_t old) { return std::max<int64_t>(1, std::llround(old * scale)); };
  const Tensor small = resized(images, side(images.size(2)), side(images.size(3)));
  const int64_t height = small.size(2), width = small.size(3);
  if (height == size && width == size) return small;
  const Tensor out = at::zeros({images.size(0), images.size(1), size, size}, torch::kUInt8);
  out.narrow(2, (size - height) / 2, height).narrow(3, (size - width) / 2, width).copy_(small);
  return out;
}

Tensor cropped(const Tensor& images) {
  const int64_t height = images.size(2), width = images.size(3), side = std::min(height, width);
  return images.narrow(2, (height - side) / 2, side).narrow(3, (width - side) / 2, side);
}

}  // namespace

Tensor with_channels(const Tensor& images, int64_t channels) {
  STEER_CHECK(channels == 0 || channels == 1 || channels == 3, "[data] expected channels 0, 1 or 3 but got ",
              channels);
  const int64_t stored = images.size(1);
  if (channels == 0 || channels == stored) return images;
  if (channels == 3) return images.expand({-1, 3, -1, -1}).contiguous();
  const Tensor out = at::empty({images.size(0), 1, images.size(2), images.size(3)}, torch::kUInt8);
  for (int64_t i = 0; i < images.size(0); i += kPortion) {
    const int64_t count = std::min(kPortion, images.size(0) - i);
    const Tensor portion = images.narrow(0, i, count).to(torch::kFloat32);
    const Tensor grey =
        portion.select(1, 0) * 0.299 + portion.select(1, 1) * 0.587 + portion.select(1, 2) * 0.114;
    out.narrow(0, i, count).copy_(grey.unsqueeze(1).round_().clamp_(0, 255));
  }
  return out;
}

Tensor fitted(const Tensor& images, int64_t size, const std::string& fit) {
  STEER_CHECK(fit == "pad" || fit == "resize" || fit == "crop",
              "[data] expected fit pad, resize or crop but got ", fit);
  STEER_CHECK(size >= 0 && size <= kMaxFit, "[data] expected a size of 0 to ", kMaxFit, " but got ", size);
  if (size == 0) return images;
  if (fit == "pad") return padded(images, size);
  return resized(fit == "crop" ? cropped(images) : images, size, size).contiguous();
}

}  // namespace steer

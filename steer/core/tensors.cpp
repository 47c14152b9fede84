#include "steer/core/tensors.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {

Tensor area_resize(const Tensor& images, int64_t height, int64_t width) {
  STEER_CHECK(images.dim() == 4, "[area_resize] expected images [N, C, H, W] but got ",
              shape_text(images.sizes()));
  const int64_t from_height = images.size(2), from_width = images.size(3);
  if (from_height == height && from_width == width) return images;
  if (height % from_height == 0 && width % from_width == 0)
    return at::upsample_nearest2d(images, {height, width});
  return at::adaptive_avg_pool2d(images, {height, width});
}

Tensor to_bytes(const Tensor& images) {
  return images.detach().to(torch::kFloat32).add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch::kUInt8);
}

Tensor from_bytes(const Tensor& bytes) {
  return bytes.to(torch::kFloat32).div_(127.5).sub_(1.0);
}

std::vector<int64_t> with_rows(int64_t rows, at::IntArrayRef shape) {
  std::vector<int64_t> sizes = {rows};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  return sizes;
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace steer

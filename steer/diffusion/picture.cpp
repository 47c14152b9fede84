#include "steer/diffusion/picture.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

Tensor density_picture(const Mixture& world, double sigma, int64_t size, double extent) {
  STEER_CHECK(size >= 2 && size <= 4096 && extent > 0,
              "[density_picture] expected a size from 2 to 4096 and a ", "positive extent but got ", size,
              " and ", extent);
  const Tensor axis =
      ((at::arange(size, world.means.options()) + 0.5) * (2.0 / static_cast<double>(size)) - 1) * extent;
  std::vector<Tensor> rows;
  for (int64_t row = 0; row < size; ++row) {
    const Tensor y = axis[size - 1 - row].expand({size});
    rows.push_back(log_density(world, at::stack({axis, y}, 1), at::full_like(axis, sigma)).exp());
  }
  // The root brings out thin places.
  const Tensor depth = (at::stack(rows) / at::stack(rows).max()).sqrt();
  const Tensor white_to_blue = at::stack({1 - 1.7 * depth, 1 - 1.3 * depth, 1 - 0.7 * depth});
  return white_to_blue.to(torch::kFloat32);
}

Tensor with_paths(const Tensor& picture, const Tensor& points, double extent,
                  const std::vector<double>& colour) {
  STEER_CHECK(picture.dim() == 3 && picture.size(0) == 3 && points.dim() == 3 && points.size(2) == 2 &&
                  points.size(0) >= 1 && colour.size() == 3,
              "[with_paths] expected a picture [3, H, W], points [T, N, 2] and three colours but got ",
              shape_text(picture.sizes()), ", ", shape_text(points.sizes()), " and ", colour.size());
  Tensor painted = picture.to(torch::kFloat32).clone();
  const int64_t height = picture.size(1), width = picture.size(2);
  auto pixel = painted.accessor<float, 3>();
  const auto paint = [&](double x, double y, int64_t radius) {
    const int64_t column =
        static_cast<int64_t>(std::floor((x / extent + 1) / 2 * static_cast<double>(width)));
    const int64_t row = static_cast<int64_t>(std::floor((1 - y / extent) / 2 * static_cast<double>(height)));
    for (int64_t r = std::max<int64_t>(row - radius, 0); r <= std::min(row + radius, height - 1); ++r)
      for (int64_t c = std::max<int64_t>(column - radius, 0); c <= std::min(column + radius, width - 1); ++c)
        for (int64_t k = 0; k < 3; ++k) pixel[k][r][c] = static_cast<float>(colour[static_cast<size_t>(k)]);
  };
  const Tensor ways = points.to(torch::kCPU, torch::kFloat64).clamp(-50 * extent, 50 * extent).contiguous();
  const auto at_point = ways.accessor<double, 3>();
  const double pixels = static_cast<double>(width) / (2 * extent);
  for (int64_t n = 0; n < ways.size(1); ++n) {
    for (int64_t t = 0; t + 1 < ways.size(0); ++t) {
      const double x = at_point[t][n][0], y = at_point[t][n][1];
      const double dx = at_point[t + 1][n][0] - x, dy = at_point[t + 1][n][1] - y;
      const int64_t parts = 1 + static_cast<int64_t>(std::hypot(dx, dy) * pixels);
      for (int64_t i = 0; i <= parts; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(parts);
        paint(x + share * dx, y + share * dy, 0);
      }
    }
    paint(at_point[ways.size(0) - 1][n][0], at_point[ways.size(0) - 1][n][1], 1);
  }
  return painted;
}

}  // namespace steer

#include "steer/work/density_film.h"

#include "steer/picture/gif.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

constexpr int64_t kFilmPanel = 400;  // about the side of a panel in pixels
constexpr int64_t kFilmGap = 8;

// Points [N, 2] as soft dots, uint8 [side, side].
Tensor soft_dots(const Tensor& points, int64_t side) {
  const Tensor counts = (cell_shares(points, side) * points.size(0)).to(torch::kFloat32);
  const Tensor dot = torch::tensor({{20.f, 60.f, 20.f}, {60.f, 170.f, 60.f}, {20.f, 60.f, 20.f}});
  const Tensor drawn =
      at::conv2d(counts.view({1, 1, side, side}), dot.view({1, 1, 3, 3}), {}, 1, at::IntArrayRef({1, 1}));
  return drawn[0][0].clamp_max(255).to(torch::kUInt8);
}

}  // namespace

Tensor density_frame(const Tensor& points, const Density& density) {
  const int64_t bins = density.map.size(0), scale = std::max<int64_t>(kFilmPanel / bins, 1),
                side = bins * scale;
  const Tensor shades = (density.map / density.map.max() * 255).round().to(torch::kUInt8);
  const Tensor truth = shades.repeat_interleave(scale, 0).repeat_interleave(scale, 1);
  return at::cat({soft_dots(points, side), at::full({side, kFilmGap}, 255, torch::kUInt8), truth}, 1);
}

Tensor glow_palette() {
  const Tensor stops = torch::tensor({{13., 14., 32.},
                                      {66., 31., 110.},
                                      {168., 48., 111.},
                                      {238., 98., 76.},
                                      {253., 187., 90.},
                                      {255., 250., 222.}});
  constexpr int64_t kColours = 256;
  return at::upsample_linear1d(stops.t().unsqueeze(0), {kColours}, true)[0].t().round().to(torch::kUInt8);
}

void write_density_film(const std::string& path, const DensityLearning& made, const DensityRequest& request) {
  GifOptions options;
  options.palette = glow_palette();
  options.delay_centiseconds = 6;
  write_gif(path, made.film, options);
  write_twin(path, density_json(made, request));
}

}  // namespace steer

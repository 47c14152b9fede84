#include "steer/points/planes.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

constexpr int64_t kDrawnBins = 256;  // of drawn densities
// The grid of smoothed densities: the square [-kReach, kReach]^2.
constexpr double kReach = 1.5;
constexpr int64_t kGrid = 384;

bool is_drawn(const std::string& name) {
  return among(name, density_names()) || is_image_name(name);
}

// exp(-(to - from)^2 / (2 std^2)) of grid places `to` and cell centres `from`: float64 [to, from].
Tensor bells(const Tensor& to, const Tensor& from, double std) {
  return at::exp((to.unsqueeze(1) - from.unsqueeze(0)).square() / (-2 * std * std));
}

// Centres of `count` cells that cover [-reach, reach].
Tensor centres(int64_t count, double reach) {
  const auto step = 2 * reach / static_cast<double>(count);
  return (at::arange(count, torch::kFloat64) + 0.5) * step - reach;
}

// ln (p * N(0, std^2 I)) at the centres of the grid's cells, row 0 at the top: float64 [1, 1, kGrid, kGrid].
Tensor smoothed_logarithm(const Density& density, double std) {
  constexpr double kLeast = 1e-300;  // far from everything
  const Tensor bell = bells(centres(kGrid, kReach), centres(density.map.size(0), 1), std);
  const Tensor mass = bell.matmul(density.map).matmul(bell.t()) / (2 * kPi * std * std);
  return mass.clamp_min(kLeast).log().unsqueeze(0).unsqueeze(0);
}

std::function<Tensor(const Tensor&)> drawn_logarithm(const Density& density, double std) {
  const Tensor grid = smoothed_logarithm(density, std);
  return [grid, std](const Tensor& x) {
    // Places as grid_sample takes them: (column, row) from -1 to 1 over the grid.
    const Tensor inside = x.clamp(-kReach, kReach);
    const Tensor flip = at::tensor({1.0, -1.0}, x.options()) / kReach;
    const Tensor places = (inside * flip).view({1, 1, -1, 2});
    constexpr int64_t kBilinear = 0, kBorder = 1;
    const Tensor found =
        at::grid_sampler_2d(grid.to(x.options()), places, kBilinear, kBorder, false).flatten();
    return found - (x - inside).square().sum(1) / (2 * std * std);
  };
}

Plane drawn_plane(const std::string& name) {
  const auto density = std::make_shared<const Density>(make_density(name, kDrawnBins));
  Plane plane;
  plane.draw = [density](int64_t count, uint64_t seed) {
    const Tensor x = sample_points(*density, count, seed).to(torch::kFloat32);
    return PlanePoints{x, at::full({count}, -1, torch::kInt64)};
  };
  plane.log_density = [density](double std) { return drawn_logarithm(*density, std); };
  return plane;
}

Plane mixed_plane(const std::string& name) {
  const auto mixture = std::make_shared<const Mixture>(make_world(name));
  const int64_t pieces = world_pieces(name);
  Plane plane;
  if (pieces > 1)
    for (int64_t i = 0; i < pieces; ++i) plane.classes.push_back(std::to_string(i));
  plane.draw = [mixture, pieces](int64_t count, uint64_t seed) {
    const Tensor seeds = sample_seeds(derive_seed(seed, 0) >> 1, count);
    const int64_t each = mixture->means.size(0) / pieces;
    const Tensor piece = at::div(mixture_parts(*mixture, seeds), each, "floor");
    return PlanePoints{mixture_samples(*mixture, seeds).to(torch::kFloat32),
                       pieces > 1 ? piece : at::full_like(piece, -1)};
  };
  plane.log_density = [mixture](double std) {
    return [mixture, std](const Tensor& x) {
      const Tensor place = x.to(torch::kCPU, torch::kFloat64);
      return log_density(*mixture, place, at::full({x.size(0)}, std, place.options())).to(x.options());
    };
  };
  return plane;
}

}  // namespace

const std::vector<Named>& planes() {
  static const std::vector<Named> table = [] {
    std::vector<Named> all = densities();
    for (const Named& world : worlds())
      if (!among(world.name, density_names())) all.push_back(world);
    return all;
  }();
  return table;
}

const std::vector<std::string>& plane_names() {
  static const std::vector<std::string> names = names_of(planes());
  return names;
}

Plane make_plane(const std::string& name_or_picture) {
  if (is_drawn(name_or_picture)) return drawn_plane(name_or_picture);
  if (among(name_or_picture, world_names())) return mixed_plane(name_or_picture);
  std::string known;
  for (const std::string& name : plane_names()) known += name + ", ";
  fail("[points] unknown distribution \"", name_or_picture, "\": expected ", known,
       "or a PNG, JPEG or WebP file", did_you_mean(name_or_picture, plane_names()));
}

}  // namespace steer

#include "steer/points/points_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

using Colour = std::array<double, 3>;  // red, green, blue from 0 to 255

constexpr Colour kNight = {13, 14, 32}, kLine = {27, 29, 56}, kAxis = {52, 55, 96};
constexpr std::array<Colour, 4> kSources = {Colour{78, 134, 232}, Colour{253, 180, 84}, Colour{236, 92, 140},
                                            Colour{96, 208, 150}};
// From faint to dense.
constexpr std::array<Colour, 6> kGlow = {Colour{13, 14, 32},   Colour{84, 38, 132},  Colour{186, 54, 118},
                                         Colour{243, 112, 76}, Colour{254, 194, 98}, Colour{255, 252, 230}};

Tensor one_colour(const Colour& colour) {
  return at::tensor({colour[0], colour[1], colour[2]}, torch::kFloat32).view({3, 1, 1});
}

// Where a coordinate stands, in pixels from the left or the top.
double pixel_of(double coordinate) {
  return (coordinate / kPictureReach + 1) / 2 * static_cast<double>(kPictureSide);
}

Tensor empty_square() {
  Tensor square = one_colour(kNight).repeat({1, kPictureSide, kPictureSide});
  const auto draw = [&](double at, const Colour& colour, double from, double to) {
    const auto begin = static_cast<int64_t>(pixel_of(from)),
               length = static_cast<int64_t>(pixel_of(to)) - begin + 1;
    const auto place = static_cast<int64_t>(pixel_of(at));
    square.narrow(1, place, 1).narrow(2, begin, length).copy_(one_colour(colour).expand({3, 1, length}));
    square.narrow(2, place, 1).narrow(1, begin, length).copy_(one_colour(colour).expand({3, length, 1}));
  };
  constexpr double kEnd = kPictureReach - 1e-9;
  for (const double at : {-1.0, -0.5, 0.5, 1.0}) draw(at, kLine, -kEnd, kEnd);
  draw(0, kAxis, -kEnd, kEnd);
  for (const double at : {-1.0, 1.0}) draw(at, kAxis, -1, 1);
  return square;
}

// How many dots lie over each pixel: float32 [side, side]; the middle of a dot counts 1.
Tensor dots_over(const Tensor& points, double radius) {
  const Tensor x = points.to(torch::kCPU, torch::kFloat32);
  const Tensor shown = at::isfinite(x).all(1) & (x.abs() < kPictureReach).all(1);
  const Tensor inside = x.index_select(0, at::nonzero(shown).squeeze(1));
  const Tensor flip = at::tensor({1.0f, -1.0f});
  const Tensor place = (inside * flip / kPictureReach + 1) / 2 * static_cast<double>(kPictureSide) - 0.5;
  const Tensor whole = place.floor(), rest = place - whole;
  const auto reach = static_cast<int64_t>(std::ceil(2.5 * radius)) + 1;
  const int64_t side = kPictureSide + 2 * reach;
  Tensor counts = at::zeros({side * side});
  // A dot between pixels is shared by the four around it.
  for (int64_t right = 0; right < 2; ++right)
    for (int64_t down = 0; down < 2; ++down) {
      const Tensor across = rest.select(1, 0), along = rest.select(1, 1);
      const Tensor share = (right ? across : 1 - across) * (down ? along : 1 - along);
      const Tensor column = whole.select(1, 0) + static_cast<double>(right + reach);
      const Tensor row = whole.select(1, 1) + static_cast<double>(down + reach);
      counts.index_add_(0, (row * static_cast<double>(side) + column).to(torch::kInt64), share);
    }
  const Tensor step = at::arange(-reach, reach + 1, torch::kFloat32);
  const Tensor bell = at::exp(step.square() / (-2 * 0.36 * radius * radius));
  const Tensor maps = counts.view({1, 1, side, side});
  return at::conv2d(at::conv2d(maps, bell.view({1, 1, 1, -1})), bell.view({1, 1, -1, 1}))[0][0];
}

// Colours along kGlow at places 0 to 1: [3, side, side].
Tensor glowing(const Tensor& place) {
  std::vector<float> flat;
  for (const Colour& colour : kGlow)
    for (const double value : colour) flat.push_back(static_cast<float>(value));
  const Tensor stops = at::tensor(flat).view({-1, 3});
  const Tensor at_stop = place.clamp(0, 1) * static_cast<double>(kGlow.size() - 1);
  const Tensor below = at_stop.floor().clamp_max(static_cast<double>(kGlow.size() - 2)).to(torch::kInt64);
  const Tensor rest = (at_stop - below).unsqueeze(2);
  const auto stop = [&](const Tensor& index) {
    return stops.index_select(0, index.flatten()).view({place.size(0), place.size(1), 3});
  };
  return at::lerp(stop(below), stop(below + 1), rest).permute({2, 0, 1});
}

}  // namespace

Tensor points_picture(const std::vector<Tensor>& sources) {
  STEER_CHECK(!sources.empty(), "[points_picture] expected at least one source of points");
  int64_t most = 1;
  for (const Tensor& points : sources) {
    STEER_CHECK(points.dim() == 2 && points.size(1) == 2, "[points_picture] expected points [N, 2] but got ",
                shape_text(points.sizes()));
    most = std::max(most, points.size(0));
  }
  const auto count = static_cast<double>(most);
  const double radius = std::clamp(8 * std::pow(count, -0.2), 1.1, 5.0);
  const double weight = std::clamp(1.6 * std::pow(count / 2000, -0.4), 0.25, 1.8);
  Tensor square = empty_square();
  for (size_t i = 0; i < sources.size(); ++i) {
    const Tensor depth = 1 - at::exp(-weight * dots_over(sources[i], radius));
    const Tensor colour = sources.size() == 1 ? glowing(depth) : one_colour(kSources[i % kSources.size()]);
    square = at::lerp(square, colour.expand_as(square), depth.sqrt().unsqueeze(0).expand_as(square));
  }
  return square / 127.5 - 1;
}

}  // namespace steer

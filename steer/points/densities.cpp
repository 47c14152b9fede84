#include "steer/points/densities.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

constexpr int64_t kMostBins = 1000;
constexpr double kFloor = 1e-24;
const auto kDouble = at::TensorOptions().dtype(torch::kFloat64);

struct Place {
  double x, y;
};

using Stroke = std::vector<Place>;  // a line through its places

double distance_to(const Stroke& stroke, double x, double y) {
  double nearest = std::numeric_limits<double>::infinity();
  for (size_t i = 1; i < stroke.size(); ++i) {
    const Place a = stroke[i - 1], b = stroke[i];
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double t = std::clamp(((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
    const double ex = x - a.x - t * dx, ey = y - a.y - t * dy;
    nearest = std::min(nearest, ex * ex + ey * ey);
  }
  return std::sqrt(nearest);
}

// How much of each cell lies where the signed distance is negative, with borders one cell soft.
template <class Distance>
Tensor covered(int64_t bins, const Distance& distance) {
  const Tensor map = at::empty({bins, bins}, kDouble);
  const double cell = 2.0 / static_cast<double>(bins);
  double* out = map.data_ptr<double>();
  for (int64_t row = 0; row < bins; ++row)
    for (int64_t column = 0; column < bins; ++column) {
      const double x = (static_cast<double>(column) + 0.5) * cell - 1;
      const double y = 1 - (static_cast<double>(row) + 0.5) * cell;
      *out++ = std::clamp(0.5 - distance(x, y) / cell, 0.0, 1.0);
    }
  return map;
}

Tensor stroked(int64_t bins, const std::vector<Stroke>& strokes, double half_width) {
  return covered(bins, [&](double x, double y) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const Stroke& stroke : strokes) nearest = std::min(nearest, distance_to(stroke, x, y));
    return nearest - half_width;
  });
}

// Two arms of a spiral of Archimedes that meet in the centre.
Tensor spirals(int64_t bins) {
  constexpr double kTurns = 1.625, kRadius = 0.89, kHalfWidth = 0.078;
  constexpr int kSteps = 120;
  Stroke both;
  for (int i = -kSteps; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps, angle = 2 * kPi * kTurns * std::abs(t);
    both.push_back({kRadius * t * std::cos(angle), kRadius * t * std::sin(angle)});
  }
  return stroked(bins, {both}, kHalfWidth);
}

// The letters D D N.
Tensor words(int64_t bins) {
  constexpr double kTop = 0.34, kWidth = 0.4, kHalfWidth = 0.042;
  constexpr int kSteps = 32;
  std::vector<Stroke> strokes;
  for (const double left : {-0.72, -0.2}) {
    Stroke letter = {{left, -kTop}, {left, kTop}};
    const double straight = left + kWidth - kTop;
    for (int i = 0; i <= kSteps; ++i) {
      const double angle = kPi / 2 - kPi * i / kSteps;
      letter.push_back({straight + kTop * std::cos(angle), kTop * std::sin(angle)});
    }
    letter.push_back(letter.front());
    strokes.push_back(letter);
  }
  const double left = 0.32;
  strokes.push_back({{left, -kTop}, {left, kTop}, {left + kWidth, -kTop}, {left + kWidth, kTop}});
  return stroked(bins, strokes, kHalfWidth);
}

// A module pattern as QR codes have it: three finder squares, an alignment square, timing lines, and modules
// at random elsewhere, with a quiet border. It says nothing.
Tensor qr(int64_t bins) {
  constexpr int64_t kModules = 25, kQuiet = 1, kSide = kModules + 2 * kQuiet;
  const Tensor modules = at::zeros({kSide, kSide}, kDouble);
  auto dark = modules.accessor<double, 2>();
  Random random(derive_seed(2026, 25));
  for (int64_t row = 0; row < kModules; ++row)
    for (int64_t column = 0; column < kModules; ++column) {
      // Rings around a centre are dark but for the second from outside.
      const auto ring = [&](int64_t centre_row, int64_t centre_column) {
        return std::max(std::abs(row - centre_row), std::abs(column - centre_column));
      };
      const int64_t finder = std::min({ring(3, 3), ring(3, kModules - 4), ring(kModules - 4, 3)});
      const int64_t alignment = ring(kModules - 7, kModules - 7);
      bool black = random.below(2) == 0;
      if (row == 6) black = column % 2 == 0;
      if (column == 6) black = row % 2 == 0;
      if (alignment <= 2) black = alignment != 1;
      if (finder <= 4) black = finder <= 1 || finder == 3;
      dark[row + kQuiet][column + kQuiet] = black;
    }
  // How many modules' lengths of each bin lie in each module.
  const Tensor overlap = at::zeros({bins, kSide}, kDouble);
  auto length = overlap.accessor<double, 2>();
  const double modules_per_bin = static_cast<double>(kSide) / static_cast<double>(bins);
  for (int64_t bin = 0; bin < bins; ++bin)
    for (int64_t module = 0; module < kSide; ++module) {
      const double from = std::max(static_cast<double>(bin) * modules_per_bin, static_cast<double>(module));
      const double to =
          std::min(static_cast<double>(bin + 1) * modules_per_bin, static_cast<double>(module + 1));
      length[bin][module] = std::max(0.0, to - from);
    }
  return overlap.matmul(modules).matmul(overlap.t());
}

// Five rings, sharp in the centre and the upper left, ever softer to the upper right, lower left, lower
// right.
Tensor blobs(int64_t bins) {
  struct Ring {
    double x, y, blur;  // blur: standard deviation of the softening
  };
  const Tensor at_bins = at::arange(bins, kDouble);
  Tensor map = at::zeros({bins, bins}, kDouble);
  for (const Ring& ring : {Ring{0, 0, 0}, Ring{-0.5, 0.5, 0}, Ring{0.5, 0.5, 0.022}, Ring{-0.5, -0.5, 0.07},
                           Ring{0.5, -0.5, 0.25}}) {
    Tensor sharp = covered(
        bins, [&](double x, double y) { return std::abs(std::hypot(x - ring.x, y - ring.y) - 0.15) - 0.05; });
    if (ring.blur > 0) {
      const double deviation = ring.blur * static_cast<double>(bins) / 2;
      const Tensor away = (at_bins.unsqueeze(1) - at_bins.unsqueeze(0)) / deviation;
      Tensor weight = at::exp(-0.5 * away * away);
      weight = weight / weight.sum(0, true);
      sharp = weight.matmul(sharp).matmul(weight.t());
    }
    map += sharp;
  }
  return map;
}

Tensor gaussian_map(int64_t bins) {
  const Tensor along = at::exp(-at::linspace(-1, 1, bins, kDouble).square() / 0.3);
  return along.unsqueeze(1) * along.unsqueeze(0);
}

Tensor picture(const std::string& path, int64_t bins) {
  const Tensor grey = read_image(path, 1).to(torch::kFloat64).add(1).div(2);
  return area_resize(grey.unsqueeze(0), bins, bins)[0][0];
}

}  // namespace

const std::vector<Named>& densities() {
  static const std::vector<Named> table = {
      {"spirals", "two arms of a spiral of Archimedes"},
      {"qr", "a pattern of modules as QR codes have it"},
      {"words", "the letters D D N"},
      {"gaussian", "one broad Gaussian"},
      {"blobs", "several round spots"},
      {"uniform", "the same everywhere"},
  };
  return table;
}

const std::vector<std::string>& density_names() {
  static const std::vector<std::string> names = names_of(densities());
  return names;
}

Density make_density(const std::string& name_or_path, int64_t bins) {
  STEER_CHECK(bins >= 2 && bins <= kMostBins, "[density] expected 2 to ", kMostBins, " bins but got ", bins);
  const std::string& name = name_or_path;
  Tensor map;
  if (name == "spirals")
    map = spirals(bins);
  else if (name == "qr")
    map = qr(bins);
  else if (name == "words")
    map = words(bins);
  else if (name == "gaussian")
    map = gaussian_map(bins);
  else if (name == "blobs")
    map = blobs(bins);
  else if (name == "uniform")
    map = at::ones({bins, bins}, kDouble);
  else if (is_image_name(name))
    map = picture(name, bins);
  else
    fail("[density] unknown density \"", name,
         "\": expected spirals, qr, words, gaussian, blobs, uniform or a PNG, JPEG or WebP file",
         did_you_mean(name, density_names()));
  const double total = map.sum().item<double>();
  STEER_CHECK(total > 0, "[density] ", name, ": expected a picture with bright places but it is all black");
  return {map.div(total).contiguous()};
}

Tensor sample_points(const Density& density, int64_t count, uint64_t seed) {
  const int64_t bins = density.map.size(0);
  const Tensor cumulated = density.map.flatten().cumsum(0);
  const double *first = cumulated.data_ptr<double>(), *last = first + cumulated.numel();
  // Rounding may put a draw at the very end: it belongs to the last cell that has any weight.
  const int64_t end = std::lower_bound(first, last, last[-1]) - first;
  const Tensor points = at::empty({count, 2}, kDouble);
  double* out = points.data_ptr<double>();
  const double cell = 2.0 / static_cast<double>(bins);
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const double height = random.uniform() * last[-1];
    const int64_t index = std::min<int64_t>(std::upper_bound(first, last, height) - first, end);
    *out++ = (static_cast<double>(index % bins) + random.uniform()) * cell - 1;
    *out++ = 1 - (static_cast<double>(index / bins) + random.uniform()) * cell;
  }
  return points;
}

Tensor cell_shares(const Tensor& points, int64_t bins) {
  STEER_CHECK(points.dim() == 2 && points.size(1) == 2 && points.size(0) > 0,
              "[cell_shares] expected points [N, 2], N > 0, but got ", shape_text(points.sizes()));
  STEER_CHECK(at::isfinite(points).all().item<bool>(), "[cell_shares] expected finite points");
  const Tensor scaled = points.to(torch::kFloat64).add(1).mul(static_cast<double>(bins) / 2);
  const Tensor column = scaled.select(1, 0).floor().clamp(0, bins - 1);
  const Tensor row = (static_cast<double>(bins) - scaled.select(1, 1)).floor().clamp(0, bins - 1);
  const Tensor cells = (row * bins + column).to(torch::kInt64);
  const Tensor counts = at::bincount(cells, {}, bins * bins).to(torch::kFloat64);
  return counts.div(static_cast<double>(points.size(0))).view({bins, bins});
}

Divergences divergences(const Tensor& p, const Tensor& q) {
  STEER_CHECK(p.sizes() == q.sizes(), "[divergences] expected two distributions of one shape but got ",
              shape_text(p.sizes()), " and ", shape_text(q.sizes()));
  Tensor floored = q + kFloor;
  floored = floored / floored.sum();
  const Tensor middle = (p + floored) / 2;
  const auto sum = [](const Tensor& values) { return values.sum().item<double>(); };
  Divergences result;
  result.kl = sum(at::xlogy(p, p / floored));
  result.js =
      (sum(at::xlogy(p, p / middle)) + sum(at::xlogy(floored, floored / middle))) / (2 * std::log(2.0));
  result.tv = sum((p - floored).abs()) / 2;
  result.hellinger = std::sqrt(sum((p.sqrt() - floored.sqrt()).square()) / 2);
  return result;
}

}  // namespace steer

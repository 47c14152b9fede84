#include "steer/molecule/ball_and_stick.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "steer/core/check.h"
#include "steer/core/pi.h"
#include "steer/molecule/bonds.h"

namespace steer {
namespace {

// ---- Vectors ----

// Three numbers: a place or direction in Angstrom, or a colour.
struct BallVector : std::array<double, 3> {};

BallVector operator+(const BallVector& a, const BallVector& b) {
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}
BallVector operator-(const BallVector& a, const BallVector& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
BallVector operator*(const BallVector& a, double by) {
  return {a[0] * by, a[1] * by, a[2] * by};
}
double inner(const BallVector& a, const BallVector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
double norm_of(const BallVector& a) {
  return std::sqrt(inner(a, a));
}
BallVector outer(const BallVector& a, const BallVector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
BallVector blend(const BallVector& a, const BallVector& b, double of_b) {
  return a * (1 - of_b) + b * of_b;
}

// ---- Looks ----

// An element's ball: its radius in Angstrom, and its colour, red, green and blue from 0 to 1.
struct BallLook {
  double radius;
  BallVector colour;
};

BallLook ball_look(int number) {
  switch (number) {
    case 1:
      return {0.29, {0.96, 0.96, 0.97}};
    case 5:
      return {0.42, {0.96, 0.68, 0.62}};
    case 6:
      return {0.44, {0.38, 0.39, 0.42}};
    case 7:
      return {0.43, {0.20, 0.36, 0.92}};
    case 8:
      return {0.42, {0.90, 0.17, 0.15}};
    case 9:
      return {0.40, {0.42, 0.82, 0.30}};
    case 14:
      return {0.50, {0.87, 0.75, 0.58}};
    case 15:
      return {0.46, {0.98, 0.53, 0.10}};
    case 16:
      return {0.46, {0.96, 0.82, 0.18}};
    case 17:
      return {0.45, {0.18, 0.74, 0.26}};
    case 35:
      return {0.48, {0.62, 0.20, 0.16}};
    case 53:
      return {0.51, {0.56, 0.16, 0.66}};
    default:
      return {0.46, {0.86, 0.46, 0.66}};
  }
}

constexpr BallVector kWhiteGround = {1, 1, 1};
// Of single, double and triple bonds, by order: the radius of each stick and how far its axis is from the
// bond's, in Angstrom.
constexpr std::array<double, 4> kStickRadius = {0, 0.125, 0.08, 0.065};
constexpr std::array<double, 4> kStickOffset = {0, 0, 0.135, 0.18};
// The farthest atom's colour has gone so far to white.
constexpr double kMostFog = 0.32;
// Toward the light, and halfway between it and the viewer, who looks from z.
constexpr BallVector kToLight = {-0.4706, 0.6048, 0.6425};
constexpr BallVector kToGleam = {-0.2597, 0.3337, 0.9063};
// A picture shows at least this radius, in Angstrom, so that a single atom is no giant.
constexpr double kLeastView = 1.25;
// White beside the molecule, as a share of its radius.
constexpr double kViewMargin = 0.05;

// ---- The view ----

// A molecule in the coordinates of its picture: x to the right, y up, z to the viewer, in Angstrom, the
// middle at the origin.
struct BallView {
  std::vector<BallVector> place;   // of each atom
  std::vector<double> radius;      // of its ball
  std::vector<BallVector> colour;  // with fog and fade
  std::vector<double> fade;
  std::vector<BallVector> aside;  // of each bond: the direction in which its sticks lie beside one another
  double scale = 1;               // pixels for an Angstrom
};

// The eigenvectors of a symmetric matrix as rows, the one of the greatest eigenvalue first, by Jacobi's
// turns.
std::array<BallVector, 3> principal_axes(std::array<BallVector, 3> m) {
  std::array<BallVector, 3> axes = {BallVector{1, 0, 0}, BallVector{0, 1, 0}, BallVector{0, 0, 1}};
  for (int sweep = 0; sweep < 30; ++sweep)
    for (size_t p = 0; p < 2; ++p)
      for (size_t q = p + 1; q < 3; ++q) {
        if (std::abs(m[p][q]) <= 1e-14 * (m[0][0] + m[1][1] + m[2][2])) continue;
        const double angle = 0.5 * std::atan2(2 * m[p][q], m[p][p] - m[q][q]);
        const double c = std::cos(angle), s = std::sin(angle);
        for (size_t k = 0; k < 3; ++k) {
          const double a = m[k][p], b = m[k][q];
          m[k][p] = c * a + s * b, m[k][q] = c * b - s * a;
        }
        for (size_t k = 0; k < 3; ++k) {
          const double a = m[p][k], b = m[q][k];
          m[p][k] = c * a + s * b, m[q][k] = c * b - s * a;
        }
        const BallVector a = axes[p], b = axes[q];
        axes[p] = a * c + b * s, axes[q] = b * c - a * s;
      }
  std::array<size_t, 3> order = {0, 1, 2};
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return m[a][a] > m[b][b]; });
  return {axes[order[0]], axes[order[1]], axes[order[2]]};
}

// The sign by which an axis points to where the positions reach farther from their mean; where they do not,
// to where its own greatest component is positive.
double sign_of_axis(const BallVector& axis, const std::vector<BallVector>& place) {
  double cubes = 0, absolute = 0;
  for (const BallVector& p : place) {
    const double along = inner(axis, p);
    cubes += along * along * along;
    absolute += std::abs(along * along * along);
  }
  if (std::abs(cubes) > 1e-6 * absolute) return cubes > 0 ? 1 : -1;
  const double greatest = *std::max_element(
      axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b) - 1e-9; });
  return greatest < 0 ? -1 : 1;
}

// Turns places, whose mean is the origin, to their broad side.
void show_broad_side(std::vector<BallVector>& place) {
  std::array<BallVector, 3> spread{};
  for (const BallVector& p : place)
    for (size_t i = 0; i < 3; ++i) spread[i] = spread[i] + p * p[i];
  std::array<BallVector, 3> axes = principal_axes(spread);
  for (size_t i = 0; i < 2; ++i) axes[i] = axes[i] * sign_of_axis(axes[i], place);
  axes[2] = outer(axes[0], axes[1]);
  for (BallVector& p : place) p = {inner(axes[0], p), inner(axes[1], p), inner(axes[2], p)};
}

void turn_places(std::vector<BallVector>& place, double turn, double tilt) {
  // A whole turn is none, to the last bit.
  const double a = std::remainder(turn, 2 * kPi), b = std::remainder(tilt, 2 * kPi);
  for (BallVector& p : place) {
    p = {std::cos(a) * p[0] + std::sin(a) * p[2], p[1], std::cos(a) * p[2] - std::sin(a) * p[0]};
    p = {p[0], std::cos(b) * p[1] - std::sin(b) * p[2], std::cos(b) * p[2] + std::sin(b) * p[1]};
  }
}

// The direction from a bond in which its second stick lies: in the plane of what else its atoms are bound to,
// and where that is a line, in the plane that the unturned molecule shows.
BallVector aside_of(const Molecule& molecule, const std::vector<BallVector>& place,
                    const std::vector<std::vector<int64_t>>& neighbours, const Bond& bond) {
  const BallVector from = place[static_cast<size_t>(bond.a)];
  const BallVector along = place[static_cast<size_t>(bond.b)] - from;
  const double square = inner(along, along);
  if (molecule.bonds.empty() || square < 1e-12) return {0, 1, 0};
  const auto across = [&](const BallVector& v) { return v - along * (inner(v, along) / square); };
  BallVector best{};
  for (const int64_t end : {bond.a, bond.b})
    for (const int64_t other : neighbours[static_cast<size_t>(end)]) {
      if (other == bond.a || other == bond.b) continue;
      const BallVector away = across(place[static_cast<size_t>(other)] - place[static_cast<size_t>(end)]);
      if (norm_of(away) > norm_of(best) + 0.05) best = away;
    }
  if (norm_of(best) < 0.2)
    best = across(std::abs(along[0]) < 0.9 * std::sqrt(square) ? BallVector{1, 0, 0} : BallVector{0, 1, 0});
  return best * (1 / norm_of(best));
}

void check_view(const Molecule& molecule, const BallAndStickOptions& options) {
  check_molecule(molecule, "[ball_and_stick]");
  STEER_CHECK(options.side >= 1 && options.side <= kLargestMoleculeSide,
              "[ball_and_stick] expected a side of 1 to ", kLargestMoleculeSide, " pixels but got ",
              options.side);
  STEER_CHECK(std::isfinite(options.turn) && std::isfinite(options.tilt),
              "[ball_and_stick] expected turn and tilt to be finite but got ", options.turn, " and ",
              options.tilt);
  STEER_CHECK(options.scale >= 0 && options.scale <= 1e6,
              "[ball_and_stick] expected a scale of 0 to 1e6 pixels for an Angstrom but got ", options.scale);
  STEER_CHECK(options.fade.empty() || options.fade.size() == molecule.number.size(),
              "[ball_and_stick] expected ", molecule.size(), " numbers in fade or none but got ",
              options.fade.size());
  for (const double fade : options.fade)
    STEER_CHECK(fade >= 0 && fade <= 1, "[ball_and_stick] expected fade from 0 to 1 but got ", fade);
  for (size_t i = 0; i < molecule.position.size(); ++i)
    for (const double coordinate : molecule.position[i])
      STEER_CHECK(std::abs(coordinate) <= 1e6, "[ball_and_stick] expected finite positions within 1e6 ",
                  "Angstrom but atom ", i, " has ", coordinate);
}

// Places with the middle of the molecule at the origin, before turn and tilt.
std::vector<BallVector> centred_places(const Molecule& molecule, bool broad_side) {
  std::vector<BallVector> place;
  for (const auto& p : molecule.position) place.push_back({p[0], p[1], p[2]});
  if (place.empty()) return place;
  BallVector mean{};
  for (const BallVector& p : place) mean = mean + p;
  mean = mean * (1 / static_cast<double>(place.size()));
  for (BallVector& p : place) p = p - mean;
  if (broad_side) show_broad_side(place);
  BallVector low = place[0], high = place[0];
  for (const BallVector& p : place)
    for (size_t i = 0; i < 3; ++i) low[i] = std::min(low[i], p[i]), high[i] = std::max(high[i], p[i]);
  for (BallVector& p : place) p = p - (low + high) * 0.5;
  return place;
}

std::vector<std::vector<int64_t>> bound_to_each(const Molecule& molecule) {
  std::vector<std::vector<int64_t>> neighbours(molecule.number.size());
  for (const Bond& bond : molecule.bonds) {
    neighbours[static_cast<size_t>(bond.a)].push_back(bond.b);
    neighbours[static_cast<size_t>(bond.b)].push_back(bond.a);
  }
  return neighbours;
}

BallView view_of(const Molecule& molecule, const BallAndStickOptions& options) {
  check_view(molecule, options);
  BallView view;
  view.place = centred_places(molecule, options.broad_side);
  view.fade = options.fade.empty() ? std::vector<double>(view.place.size(), 0) : options.fade;
  double reach = kLeastView;
  for (size_t i = 0; i < view.place.size(); ++i) {
    view.radius.push_back(ball_look(molecule.number[i]).radius);
    reach = std::max(reach, norm_of(view.place[i]) + view.radius[i]);
  }
  view.scale =
      options.scale > 0 ? options.scale : static_cast<double>(options.side) / (2 * (1 + kViewMargin) * reach);
  const std::vector<std::vector<int64_t>> neighbours = bound_to_each(molecule);
  for (const Bond& bond : molecule.bonds)
    view.aside.push_back(bond.order > 1 ? aside_of(molecule, view.place, neighbours, bond) : BallVector{});
  turn_places(view.place, options.turn, options.tilt);
  turn_places(view.aside, options.turn, options.tilt);
  double nearest = -std::numeric_limits<double>::infinity(), farthest = -nearest;
  for (const BallVector& p : view.place)
    nearest = std::max(nearest, p[2]), farthest = std::min(farthest, p[2]);
  for (size_t i = 0; i < view.place.size(); ++i) {
    // Flat molecules have no fog; those of 6 Angstrom and more have it all.
    const double fog =
        kMostFog * std::min(1.0, (nearest - view.place[i][2]) / std::max(nearest - farthest, 6.0));
    view.colour.push_back(blend(ball_look(molecule.number[i]).colour, kWhiteGround, fog));
  }
  return view;
}

// ---- The picture ----

// Light on a surface of this colour and normal. The edge that turns away from the viewer is darker.
BallVector lit(const BallVector& colour, const BallVector& normal) {
  const double light = std::max(0.0, inner(normal, kToLight));
  const double gleam = std::pow(std::max(0.0, inner(normal, kToGleam)), 40);
  const double sky = 0.5 + 0.5 * normal[1];
  const BallVector body = colour * (0.54 + 0.10 * sky + 0.48 * light);
  return blend(body, kWhiteGround, 0.38 * gleam);
}

// A band of rows of the picture, finer than its pixels: what is nearest, and its colour.
class BallCanvas {
 public:
  // Rows `first` to `end` of a picture of this side, each pixel cut into fine x fine samples.
  BallCanvas(const BallView& view, int64_t side, int64_t first, int64_t end, int64_t fine)
      : width_(side * fine),
        first_(first * fine),
        end_(end * fine),
        fine_(fine),
        scale_(view.scale * static_cast<double>(fine)),
        rim_(0.85 * std::sqrt(static_cast<double>(side) / 128) / view.scale),
        depth_(static_cast<size_t>(width_ * (end_ - first_)), -std::numeric_limits<double>::infinity()),
        colour_(depth_.size(), {1, 1, 1}) {}

  void draw_ball(const BallVector& middle, double radius, const BallVector& colour, double fade) {
    if (fade >= 1) return;
    const double square = radius * radius;
    // The rim is an outline in a dark shade, so that white balls stand out from the white ground.
    const double inside = std::max(0.6 * radius, radius - rim_);
    const BallVector dark = rim_colour(colour);
    each_sample(middle[0] - radius, middle[0] + radius, middle[1] - radius, middle[1] + radius,
                [&](double x, double y, size_t at) {
                  const double dx = x - middle[0], dy = y - middle[1], flat = dx * dx + dy * dy;
                  if (flat >= square) return;
                  const double dz = std::sqrt(square - flat);
                  if (middle[2] + dz <= depth_[at]) return;
                  const BallVector normal = BallVector{dx, dy, dz} * (1 / radius);
                  put(at, middle[2] + dz, flat > inside * inside ? dark : lit(colour, normal), fade);
                });
  }

  // A stick from `begin` to `end`: a cylinder without lids.
  void draw_stick(const BallVector& begin, const BallVector& end, double radius, const BallVector& colour,
                  double fade) {
    const BallVector whole = end - begin;
    const double length = norm_of(whole);
    if (fade >= 1 || length < 1e-9) return;
    const BallVector along = whole * (1 / length);
    const double steep = 1 - along[2] * along[2];  // 0 for a stick that points at the viewer
    if (steep < 1e-6) return;
    const double inside = std::max(0.55 * radius, radius - 0.8 * rim_);
    const BallVector dark = rim_colour(colour);
    const auto [left, right] = std::minmax(begin[0], end[0]);
    const auto [low, high] = std::minmax(begin[1], end[1]);
    each_sample(left - radius, right + radius, low - radius, high + radius,
                [&](double x, double y, size_t at) {
                  // The distance from the axis, in the picture and as the sight line passes it.
                  const double dx = x - begin[0], dy = y - begin[1];
                  const double beside = dx * along[1] - dy * along[0], square = beside * beside / steep;
                  if (square >= radius * radius) return;
                  const double flat = dx * along[0] + dy * along[1];
                  const double dz =
                      (flat * along[2] + std::sqrt(radius * radius - square) * std::sqrt(steep)) / steep;
                  const double down = flat + dz * along[2];
                  if (down < 0 || down > length || begin[2] + dz <= depth_[at]) return;
                  const BallVector normal = (BallVector{dx, dy, dz} - along * down) * (1 / radius);
                  put(at, begin[2] + dz, square > inside * inside ? dark : lit(colour, normal), fade);
                });
  }

  // The mean of each pixel's samples, in [-1, 1], into rows of a picture [3, side, side].
  void average_into(float* picture, int64_t side) const {
    for (int64_t row = first_ / fine_; row < end_ / fine_; ++row)
      for (int64_t column = 0; column < side; ++column) {
        BallVector sum{};
        for (int64_t y = row * fine_ - first_; y < (row + 1) * fine_ - first_; ++y)
          for (int64_t x = column * fine_; x < (column + 1) * fine_; ++x)
            sum = sum + to_vector(colour_[static_cast<size_t>(y * width_ + x)]);
        for (size_t c = 0; c < 3; ++c) {
          const double mean = sum[c] / static_cast<double>(fine_ * fine_);
          picture[(static_cast<int64_t>(c) * side + row) * side + column] =
              static_cast<float>(std::clamp(2 * mean - 1, -1.0, 1.0));
        }
      }
  }

 private:
  static BallVector to_vector(const std::array<float, 3>& c) { return {c[0], c[1], c[2]}; }

  static BallVector rim_colour(const BallVector& colour) { return colour * 0.5; }

  // Calls draw(x, y, index) for the samples in a rectangle, given in Angstrom.
  template <class Draw>
  void each_sample(double left, double right, double low, double high, const Draw& draw) {
    const double middle = 0.5 * static_cast<double>(width_), most = static_cast<double>(width_);
    const auto sample = [&](double at) { return static_cast<int64_t>(std::clamp(at, -1.0, most)); };
    const int64_t from = std::max<int64_t>(0, sample(std::floor(middle + left * scale_)));
    const int64_t to = std::min(width_ - 1, sample(std::ceil(middle + right * scale_)));
    const int64_t top = std::max(first_, sample(std::floor(middle - high * scale_)));
    const int64_t bottom = std::min(end_ - 1, sample(std::ceil(middle - low * scale_)));
    for (int64_t row = top; row <= bottom; ++row)
      for (int64_t column = from; column <= to; ++column)
        draw((static_cast<double>(column) + 0.5 - middle) / scale_,
             (middle - static_cast<double>(row) - 0.5) / scale_,
             static_cast<size_t>((row - first_) * width_ + column));
  }

  void put(size_t at, double depth, const BallVector& colour, double fade) {
    const BallVector shown = blend(colour, kWhiteGround, fade);
    depth_[at] = depth;
    for (size_t c = 0; c < 3; ++c) colour_[at][c] = static_cast<float>(std::min(1.0, shown[c]));
  }

  int64_t width_, first_, end_, fine_;  // in samples; fine_ of them along a pixel
  double scale_, rim_;                  // samples for an Angstrom; the outline's width in Angstrom
  std::vector<double> depth_;
  std::vector<std::array<float, 3>> colour_;
};

// Calls draw(atom, begin, end, radius) for each half stick of all bonds: from beside its atom to the middle.
template <class Draw>
void each_half_stick(const Molecule& molecule, const BallView& view, const Draw& draw) {
  for (size_t i = 0; i < molecule.bonds.size(); ++i) {
    const Bond& bond = molecule.bonds[i];
    const auto a = static_cast<size_t>(bond.a), b = static_cast<size_t>(bond.b);
    const auto order = static_cast<size_t>(bond.order);
    for (int k = 0; k < bond.order; ++k) {
      const double places = 2.0 * k - (bond.order - 1);  // -1, 1 or -2, 0, 2
      const BallVector shift = view.aside[i] * (kStickOffset[order] * places / std::max(1, bond.order - 1));
      const BallVector middle = (view.place[a] + view.place[b]) * 0.5 + shift;
      draw(a, view.place[a] + shift, middle, kStickRadius[order]);
      draw(b, view.place[b] + shift, middle, kStickRadius[order]);
    }
  }
}

// ---- The drawing ----

std::string hex_of(const BallVector& colour) {
  const auto byte = [](double value) {
    return static_cast<int>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  };
  return fmt::format("{:02x}{:02x}{:02x}", byte(colour[0]), byte(colour[1]), byte(colour[2]));
}

// A ball or half a stick of the drawing, and how near it is.
struct DrawnPiece {
  double depth;
  std::string text;
};

std::string ball_gradient(const BallVector& colour) {
  return fmt::format(
      "<radialGradient id=\"ball-{0}\" cx=\"0.36\" cy=\"0.32\" r=\"0.75\"><stop offset=\"0\" "
      "stop-color=\"#{1}\"/>"
      "<stop offset=\"0.35\" stop-color=\"#{0}\"/><stop offset=\"1\" "
      "stop-color=\"#{2}\"/></radialGradient>\n",
      hex_of(colour), hex_of(blend(colour, kWhiteGround, 0.55)), hex_of(colour * 0.62));
}

}  // namespace

Tensor ball_and_stick(const Molecule& molecule, const BallAndStickOptions& options) {
  const BallView view = view_of(molecule, options);
  Tensor picture = at::empty({3, options.side, options.side}, torch::kFloat32);
  const int64_t fine = options.side <= 1024 ? 3 : 2;
  // A band at a time, so that large pictures need little memory.
  const int64_t rows = std::max<int64_t>(16, 65536 / options.side);
  for (int64_t first = 0; first < options.side; first += rows) {
    BallCanvas canvas(view, options.side, first, std::min(first + rows, options.side), fine);
    for (size_t i = 0; i < view.place.size(); ++i)
      canvas.draw_ball(view.place[i], view.radius[i], view.colour[i], view.fade[i]);
    each_half_stick(molecule, view,
                    [&](size_t atom, const BallVector& begin, const BallVector& end, double radius) {
                      canvas.draw_stick(begin, end, radius, view.colour[atom], view.fade[atom]);
                    });
    canvas.average_into(picture.data_ptr<float>(), options.side);
  }
  return picture;
}

std::string ball_and_stick_svg(const Molecule& molecule, const BallAndStickOptions& options) {
  const BallView view = view_of(molecule, options);
  const double half = 0.5 * static_cast<double>(options.side),
               rim = 0.012 * static_cast<double>(options.side) / 2;
  const auto x_of = [&](const BallVector& p) { return half + p[0] * view.scale; };
  const auto y_of = [&](const BallVector& p) { return half - p[1] * view.scale; };
  std::vector<DrawnPiece> pieces;
  std::set<std::string> gradients;
  for (size_t i = 0; i < view.place.size(); ++i) {
    if (view.fade[i] >= 1) continue;
    gradients.insert(ball_gradient(view.colour[i]));
    pieces.push_back(
        {view.place[i][2],
         fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\" fill=\"url(#ball-{})\" "
                     "stroke=\"#{}\" stroke-width=\"{:.2f}\" opacity=\"{:.3g}\"/>\n",
                     x_of(view.place[i]), y_of(view.place[i]), view.radius[i] * view.scale,
                     hex_of(view.colour[i]), hex_of(view.colour[i] * 0.5), rim, 1 - view.fade[i])});
  }
  each_half_stick(
      molecule, view, [&](size_t atom, const BallVector& begin, const BallVector& end, double radius) {
        const BallVector whole = end - begin;
        const double length = norm_of(whole), skipped = 0.85 * view.radius[atom];
        if (view.fade[atom] >= 1 || length <= skipped) return;
        // From the ball's surface on, so that what comes toward the viewer may be drawn over the ball.
        const BallVector from = begin + whole * (skipped / length);
        const double width = 2 * radius * view.scale;
        const auto line = [&](const BallVector& colour, double broad) {
          return fmt::format(
              "<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"#{}\" "
              "stroke-width=\"{:.2f}\" opacity=\"{:.3g}\"/>\n",
              x_of(from), y_of(from), x_of(end), y_of(end), hex_of(colour), broad, 1 - view.fade[atom]);
        };
        pieces.push_back(
            {0.5 * (from[2] + end[2]), line(view.colour[atom] * 0.5, width) +
                                           line(view.colour[atom], std::max(0.6 * width, width - 2 * rim))});
      });
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const DrawnPiece& a, const DrawnPiece& b) { return a.depth < b.depth; });
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{0}\" viewBox=\"0 0 {0} "
      "{0}\">\n<defs>\n",
      options.side);
  for (const std::string& gradient : gradients) text += gradient;
  text += "</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  for (const DrawnPiece& piece : pieces) text += piece.text;
  return text + "</svg>\n";
}

}  // namespace steer

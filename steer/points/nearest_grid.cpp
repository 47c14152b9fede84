#include "steer/points/nearest_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr int64_t kLargestSide = 4096;
constexpr double kSlack = 1e-9;  // more than rounding may put a point on the wrong side of a cell's border

}  // namespace

double l1_distance(const Point& a, const Point& b) {
  return std::abs(a.x - b.x) + std::abs(a.y - b.y);
}

NearestGrid::NearestGrid(std::vector<Point> points) : points_(std::move(points)) {
  STEER_CHECK(!points_.empty() && points_.size() <= std::numeric_limits<int32_t>::max(),
              "[nearest_grid] expected points");
  side_ = std::clamp<int64_t>(std::llround(std::sqrt(static_cast<double>(points_.size()))), 1, kLargestSide);
  cell_ = 2.0 / static_cast<double>(side_);
  first_.assign(static_cast<size_t>(side_ * side_), -1);
  next_.assign(points_.size(), -1);
  previous_.assign(points_.size(), -1);
  for (size_t i = 0; i < points_.size(); ++i) link(static_cast<int32_t>(i));
}

int64_t NearestGrid::along(double coordinate) const {
  const double scaled = std::clamp((coordinate + 1) / cell_, 0.0, static_cast<double>(side_ - 1));
  return static_cast<int64_t>(scaled);
}

void NearestGrid::link(int32_t index) {
  int32_t& first = first_of(points_[index]);
  next_[index] = first;
  previous_[index] = -1;
  if (first >= 0) previous_[first] = index;
  first = index;
}

void NearestGrid::unlink(int32_t index) {
  const int32_t before = previous_[index], after = next_[index];
  if (after >= 0) previous_[after] = before;
  (before >= 0 ? next_[before] : first_of(points_[index])) = after;
}

void NearestGrid::move(int64_t index, const Point& to) {
  const auto i = static_cast<int32_t>(index);
  if (&first_of(points_[i]) == &first_of(to)) {
    points_[i] = to;
    return;
  }
  unlink(i);
  points_[i] = to;
  link(i);
}

int64_t NearestGrid::nearest(const Point& to) const {
  const int64_t column = along(to.x), row = along(to.y);
  double best = std::numeric_limits<double>::infinity();
  int32_t index = -1;
  const auto look = [&](int64_t y, int64_t x) {
    for (int32_t i = first_[y * side_ + x]; i >= 0; i = next_[i]) {
      const double distance = l1_distance(points_[i], to);
      if (distance < best || (distance == best && i < index)) best = distance, index = i;
    }
  };
  // How far the nearest border of the own cell is: a point in the ring r is at least r - 1 cells beyond it.
  const double left = to.x + 1 - static_cast<double>(column) * cell_;
  const double bottom = to.y + 1 - static_cast<double>(row) * cell_;
  const double border = std::min({left, cell_ - left, bottom, cell_ - bottom}) - kSlack;
  for (int64_t ring = 0; ring < side_; ++ring) {
    if (border + static_cast<double>(ring - 1) * cell_ > best) break;
    const int64_t low = std::max<int64_t>(column - ring, 0), high = std::min(column + ring, side_ - 1);
    for (int64_t y = std::max<int64_t>(row - ring, 0); y <= std::min(row + ring, side_ - 1); ++y) {
      if (std::abs(y - row) == ring) {
        for (int64_t x = low; x <= high; ++x) look(y, x);
      } else {
        if (column - ring >= 0) look(y, column - ring);
        if (column + ring < side_) look(y, column + ring);
      }
    }
  }
  return index;
}

}  // namespace steer

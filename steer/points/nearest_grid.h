// Points in the plane, sorted into the cells of a grid so that the nearest to a place is found among a few.
#pragma once

#include <cstdint>
#include <vector>

namespace steer {

// A place in the plane.
struct Point {
  double x, y;  // its coordinates
};

// The distance |dx| + |dy|.
double l1_distance(const Point& a, const Point& b);

// The grid covers [-1, 1] x [-1, 1] with about one cell for each point; points may lie outside it, where the
// search is slower but as exact.
class NearestGrid {
 public:
  // At least one point.
  explicit NearestGrid(std::vector<Point> points);

  // The index of the point with the smallest L1 distance, the lowest of those that tie.
  int64_t nearest(const Point& to) const;

  void move(int64_t index, const Point& to);                    // puts a point elsewhere
  const std::vector<Point>& points() const { return points_; }  // by index

 private:
  int64_t along(double coordinate) const;  // row or column of a coordinate
  int32_t& first_of(const Point& point) { return first_[along(point.y) * side_ + along(point.x)]; }
  void link(int32_t index);
  void unlink(int32_t index);

  std::vector<Point> points_;
  int64_t side_;
  double cell_;                           // length of a cell's side
  std::vector<int32_t> first_;            // of each cell: a point in it, or -1
  std::vector<int32_t> next_, previous_;  // of each point: its neighbours in the list of its cell, or -1
};

}  // namespace steer

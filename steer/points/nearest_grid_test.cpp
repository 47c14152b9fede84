#include "steer/points/nearest_grid.h"

#include <gtest/gtest.h>

#include <limits>

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

int64_t nearest_of_all(const std::vector<Point>& points, const Point& to) {
  int64_t nearest = -1;
  double best = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < points.size(); ++i)
    if (l1_distance(points[i], to) < best)
      best = l1_distance(points[i], to), nearest = static_cast<int64_t>(i);
  return nearest;
}

// Asks and moves at random; `draw` gives places.
template <class Draw>
void expect_nearest(int64_t count, const Draw& draw) {
  std::vector<Point> points(static_cast<size_t>(count));
  for (Point& point : points) point = draw();
  NearestGrid grid(points);
  for (int trial = 0; trial < 400; ++trial) {
    const Point to = draw();
    const int64_t nearest = grid.nearest(to);
    ASSERT_EQ(nearest, nearest_of_all(grid.points(), to)) << count << " points, trial " << trial;
    grid.move(trial % 2 ? nearest : trial % count, draw());
  }
}

TEST(NearestGrid, FindsWhatALookAtAllPointsFinds) {
  Random random(1);
  for (int64_t count : {1, 2, 3, 10, 100, 1000})
    expect_nearest(count, [&] { return Point{random.uniform(-1, 1), random.uniform(-1, 1)}; });
}

TEST(NearestGrid, GivesTiesToTheLowerIndex) {
  // On a lattice many places are equally far, also with points on the borders of cells.
  Random random(2);
  const auto on_lattice = [&] { return static_cast<double>(random.below(9)) / 4 - 1; };
  for (int64_t count : {2, 16, 64, 300})
    expect_nearest(count, [&] {
      const double x = on_lattice();
      return Point{x, on_lattice()};
    });
  NearestGrid grid({{0.5, 0}, {0, 0.5}, {-0.5, 0}, {0, -0.5}});
  EXPECT_EQ(grid.nearest({0, 0}), 0);
  grid.move(0, {0.75, 0});
  EXPECT_EQ(grid.nearest({0, 0}), 1);
}

TEST(NearestGrid, IsExactForCrowdsAndOutsideItsSquare) {
  Random random(3);
  expect_nearest(400, [&] {  // nearly all in one cell
    const double size = random.below(20) == 0 ? 1 : 0.01;
    return Point{size * random.uniform(-1, 1), size * random.uniform(-1, 1)};
  });
  expect_nearest(200, [&] { return Point{random.uniform(-3, 3), random.uniform(-2, 4)}; });
  EXPECT_THROW(NearestGrid({}), Error);
}

}  // namespace
}  // namespace steer

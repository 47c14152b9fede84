#include "steer/points/points_modality.h"

#include "steer/core/check.h"
#include "steer/points/densities.h"
#include "steer/points/distances.h"
#include "steer/points/point_files.h"
#include "steer/points/points_data.h"
#include "steer/points/points_picture.h"
#include "steer/points/points_space.h"
#include "steer/points/words.h"

namespace steer {
namespace {

constexpr int64_t kShownPoints = 4096;

State read_point(const std::string& path, const Space& space, const std::string&) {
  STEER_CHECK(space == points_space(), "[read] ", path, ": expected samples ", text_of(points_space()),
              " but got ", text_of(space));
  return read_points(path).x.narrow(0, 0, 1);
}

Tensor picture_of_points(const Space&, const std::vector<State>& sources, int64_t) {
  std::vector<Tensor> clouds;
  for (const State& source : sources) clouds.push_back(source.x);
  return points_picture(clouds);
}

std::vector<NamedDistance> point_distances(const Space&, const State& samples, const State& real) {
  constexpr double kSeen = 1.5;
  constexpr int64_t kCells = 48;
  const Divergences cells =
      divergences(shares_within(samples.x, kSeen, kCells), shares_within(real.x, kSeen, kCells));
  return {{"sliced_wasserstein", sliced_wasserstein(samples.x, real.x),
           "root mean squared 2-Wasserstein distance of projections to lines, in units of the coordinates"},
          {"js", cells.js, "Jensen-Shannon divergence of the shares in cells of side 1/16, in bits"},
          {"tv", cells.tv, "total variation of these shares, 0 to 1"}};
}

}  // namespace

const Modality& points_modality() {
  static const Modality modality = [] {
    Modality m;
    m.kind = points_space().kind;
    m.plural = "points";
    m.meaning = "points [2] of the plane; CSV and NumPy files";
    m.read = read_point;
    m.holds = names_points;
    m.dataset = make_points_dataset;
    m.data = points_data();
    m.fitted = [](DataOptions&, const Space&) {};
    m.picture = picture_of_points;
    m.shown = kShownPoints;
    m.distances = point_distances;
    m.words = &points_words();
    return m;
  }();
  return modality;
}

}  // namespace steer

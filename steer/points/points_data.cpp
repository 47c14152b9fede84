#include "steer/points/points_data.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/data/tensor_dataset.h"
#include "steer/points/planes.h"
#include "steer/points/point_files.h"
#include "steer/points/points_space.h"

namespace steer {
namespace {

constexpr char kPrefix[] = "points:";
constexpr int64_t kTrainPoints = 60000, kTestPoints = 10000;
constexpr int64_t kTestEvery = 10;  // of the points of a file

struct LabelledPoints {
  PlanePoints points;
  std::vector<std::string> classes;
};

LabelledPoints drawn_points(const std::string& name, bool train, const DataOptions& options) {
  const Plane plane = make_plane(name);
  const int64_t all = train ? kTrainPoints : kTestPoints;
  const int64_t count = options.limit > 0 ? std::min(options.limit, all) : all;
  return {plane.draw(count, derive_seed(static_cast<uint64_t>(options.seed), train ? 0 : 1)), plane.classes};
}

LabelledPoints stored_points(bool train, const DataOptions& options) {
  PlanePoints all = read_points(options.path);
  const Tensor place = at::arange(all.x.size(0), torch::kInt64).remainder(kTestEvery);
  Tensor index = at::nonzero(train ? place != kTestEvery - 1 : place == kTestEvery - 1).squeeze(1);
  STEER_CHECK(index.size(0) > 0, "[data] ", options.path, ": expected at least ", kTestEvery,
              " points, of which one in ", kTestEvery, " is for tests, but got ", all.x.size(0));
  if (options.limit > 0) index = index.narrow(0, 0, std::min(options.limit, index.size(0)));
  std::vector<std::string> classes;
  const int64_t most = all.label.max().item<int64_t>();
  for (int64_t i = 0; i <= most; ++i) classes.push_back(std::to_string(i));
  return {{all.x.index_select(0, index), all.label.index_select(0, index)}, classes};
}

}  // namespace

bool names_points(const std::string& path) {
  return path.rfind(kPrefix, 0) == 0 || is_points_name(path);
}

std::unique_ptr<Dataset> make_points_dataset(const DataOptions& options) {
  const std::string& path = options.path;
  const bool train = options.split == "train";
  STEER_CHECK(train || options.split == "test", "[data] ", path, ": expected split train or test but got ",
              options.split);
  STEER_CHECK(options.limit >= 0, "[data] ", path, ": expected a limit of 0 or more but got ", options.limit);
  STEER_CHECK(options.size == 0 && options.channels == 0, "[data] ", path,
              ": expected no size and channels, which points do not have");
  STEER_CHECK(options.labels == DataOptions().labels && options.rare.empty(), "[data] ", path,
              ": expected the words labels and rare with the data set shapes alone");
  const bool drawn = path.rfind(kPrefix, 0) == 0;
  LabelledPoints made =
      drawn ? drawn_points(path.substr(sizeof kPrefix - 1), train, options) : stored_points(train, options);
  return std::make_unique<TensorDataset>(points_space(), made.points.x, made.points.label, made.classes);
}

const std::vector<Named>& points_data() {
  static const std::vector<Named> table = [] {
    std::vector<Named> all;
    for (const Named& named : planes()) all.push_back({kPrefix + named.name, named.meaning});
    all.push_back({std::string(kPrefix) + "<picture>", "a PNG, JPEG or WebP whose bright places are dense"});
    all.push_back(
        {"<points.csv>", "points in a file: x, y and perhaps a label on each line; or a .npy [N, 2]"});
    return all;
  }();
  return table;
}

}  // namespace steer

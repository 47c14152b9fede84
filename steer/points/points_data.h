// Data sets of points in the plane.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// Whether a path may be a data set of points: `points:NAME`, or a file of points by its name.
bool names_points(const std::string& path);

// `points:NAME`, NAME as make_plane takes it: 60,000 points to train and 10,000 others to test, drawn by the
// options' seed; labels are the pieces of a mixture. A file (point_files.h): every tenth point is for tests,
// the others are to train; its labels are classes named by their numbers. `limit` takes the first points.
// Error for a split that is neither train nor test, options that only images have, and as make_plane and
// read_points.
std::unique_ptr<Dataset> make_points_dataset(const DataOptions& options);

// What the path may be: words as they are written, files in angle brackets.
const std::vector<Named>& points_data();

}  // namespace steer

// The data set that a path names.
#pragma once

#include <memory>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// Images. Tells the kind of data from `path`: the word "shapes" (shapes.h; 60,000 train and 10,000 test
// images, 32 pixels a side unless size says otherwise; "shapes:hue" is short for labels hue, "shapes:both"
// for both); a folder of IDX files (idx.h); CIFAR-10's binary files in a folder or archive (cifar.h); a tar,
// tar.gz, tgz or zip of pictures, or a folder of pictures (folders.h); a folder with one archive and neither
// folders nor pictures. Throws where the path or the split is missing, the data empty, broken or of several
// shapes without a size.
std::unique_ptr<Dataset> make_image_dataset(const DataOptions& options);

// What the path may be: words as they are written, files and folders in angle brackets.
const std::vector<Named>& image_data();

}  // namespace steer

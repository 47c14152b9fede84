// Folders and archives of PNG and JPEG pictures, one sub-folder for each class.
#pragma once

#include "steer/image/memory_dataset.h"

namespace steer {

// Which pictures, and what is made of them first.
struct FolderOptions {
  std::string split = "train";  // train or test, where the first level has folders of these names
  int64_t size = 0;             // of a side; 0: as stored, all alike
  int64_t channels = 0;         // 1 grey, 3 colour, 0 as the first picture
  std::string fit = "pad";      // pad, resize or crop, as in fit.h
  int64_t limit = 0;            // the most images; 0: all
};

// The pictures below `path`, a folder or an archive (archives.h), decoded by several threads. Other files and
// names that start with a dot are ignored, and folders around everything are looked through. A picture's
// class is the first folder of its name (after train/ or test/); labels number the sorted class names, of
// both splits together. Pictures without a folder have no label. The order takes one picture of every class
// in turn, so that a limit keeps the classes even. Throws where there are no pictures, no such split, or
// pictures of several shapes with size (or channels) 0.
MemoryDataset read_pictures(const std::string& path, const FolderOptions& options);

}  // namespace steer

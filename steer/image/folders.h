// Folders and archives of PNG, JPEG and WebP pictures, one sub-folder for each class.
#pragma once

#include "steer/image/memory_dataset.h"
#include "steer/picture/colour.h"

namespace steer {

// Which pictures, and what is made of them first.
struct FolderOptions {
  std::string split = "train";  // train, test or validation (picture_names.h)
  int64_t size = 0;             // of a side; 0: as stored, all alike
  int64_t channels = 0;         // 1 grey, 3 colour, 0 as the first picture
  std::string fit = "pad";      // pad, resize or crop, as in fit.h
  Colour background = kWhite;   // under transparent pixels
  int64_t limit = 0;            // the most images; 0: all
};

// The pictures below `path`, a folder or an archive (listing.h), of the split and with the classes that their
// names say (picture_names.h), decoded by several threads. A notice counts what was skipped, with reasons:
// other files, and pictures that cannot be read. Throws where no pictures are left, where there is no such
// split, or for pictures of several shapes with size (or channels) 0.
MemoryDataset read_pictures(const std::string& path, const FolderOptions& options);

}  // namespace steer

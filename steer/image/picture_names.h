// What the names of the files in a folder or archive say: which are pictures, of which split and class.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/data/listing.h"

namespace steer {

// A picture that is to be read.
struct NamedPicture {
  Listed file;         // where it is
  int64_t label = -1;  // a number of PictureNames::classes, -1 without a class
};

// The pictures of one split.
struct PictureNames {
  std::vector<NamedPicture> pictures;  // in the order in which they are dealt out
  std::vector<std::string> classes;    // in alphabetical order
  std::vector<Skipped> skipped;        // other files, pictures outside the splits
  std::string split;                   // where another split stands in for the one asked for: its folder
};

// "train", "test" or "validation" for a word that names this part of a data set (training, val, dev, eval,
// ... in any case); empty for others.
std::string split_of_word(const std::string& word);

// The pictures of a split, from a listing of `path`. While all pictures lie in one folder that holds folders,
// it is looked through. Then folders with names of splits are splits where no other folder stands beside
// them or there are two or more splits; where validation is all that is held out, it stands in for test. A
// picture's class is the first folder of its name, after the split; labels number the sorted class names, of
// all splits together. Pictures without a folder have no label. The order takes one picture of every class in
// turn, so that a limit keeps the classes even. Error where there are no pictures or no such split.
PictureNames picture_names(const std::string& path, const FileListing& listing, const std::string& split,
                           int64_t limit);

}  // namespace steer

// Files that samples begin from.
#pragma once

#include <string>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/models/generator.h"

namespace steer {

// The files and how much of them is noise: a recipe holds it.
struct Begun {
  std::vector<std::string> files;  // none: samples begin from noise
  double noise = 0.5;              // Beginning::noise
  std::string fit;                 // of files of another size: resize, pad, or empty to refuse them
  bool inverted = false;           // Beginning::inverted

  void fields(OptionFields& f) {
    f("files", files, "sample i begins from file i, again from the first after the last");
    f("noise", noise, "share of noise that they begin with", from_to(0, 1));
    f("fit", fit, "of files of another size: resize or pad; empty = they are refused");
    f("inverted", inverted, "the noise is the files' own, found backwards, in place of random noise");
  }
};

// A file itself; a folder as the files in it and below, by name, but for those that a dot begins and the
// .json beside pictures. Error for a folder without any.
std::vector<std::string> files_at(const std::string& path);

// The samples in the files, without repeating any, as they are shown: texts with gaps where there is nothing.
State shown_beginning(const Begun& begun, const Space& space);

// What samples number `first` to first + count - 1 begin from. Error for files that cannot be read.
// With `made`, samples that another model has made, these are begun from in place of files.
Beginning beginning_of(const Begun& begun, const Space& space, int64_t first, int64_t count,
                       const State& made = {});

}  // namespace steer

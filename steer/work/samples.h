// Samples that a work is given: files, or a data set.
#pragma once

#include <string>
#include <vector>

#include "steer/core/class_names.h"
#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/data/data_options.h"

namespace steer {

// Samples with what a data set says of them.
struct LoadedSamples {
  State state;              // N samples, on the processor
  Tensor label;             // int64 [N], -1 where there is none; undefined for files
  ClassNames classes = {};  // names of the labels
};

// The samples in files, brought to the space; another size is refused unless `fit` says how.
State read_samples(const std::vector<std::string>& paths, const Space& space, const std::string& fit);

// How a data set's split is brought to the space: its first `count` samples, 0: all.
DataOptions fitting_options(const std::string& data, const std::string& split, const std::string& fit,
                            const Space& space, int64_t count = 0);

// The first `count` samples (0: all) of a data set's split, brought to the space.
LoadedSamples load_samples(const std::string& data, const std::string& split, const std::string& fit,
                           const Space& space, int64_t count);

// Files, or a data set in their place.
struct SampleSource {
  std::vector<std::string> files;         // as read_samples
  std::string data, split = "test", fit;  // as load_samples
  int64_t count = 0;                      // of the data set; 0: all

  // Error, naming the work, unless exactly one of the two was given.
  void check(const std::string& work) const;
  // The samples, brought to the space.
  LoadedSamples load(const Space& space) const;
};

}  // namespace steer

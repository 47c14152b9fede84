// What every data set is: numbered samples with labels, given out in batches.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/data/share.h"

namespace steer {

using torch::Tensor;

// Some samples of a data set.
struct Batch {
  State data;        // B samples
  Told told;         // label int64 [B], -1 where there is no label
  Tensor index;      // int64 [B], positions in the data set
  Share share = {};  // which of a larger batch these are
};

// A finite list of samples of one space. Every function may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  // How many samples there are.
  virtual int64_t size() const = 0;

  // The samples at `indices`, in that order. Throws unless every index is in [0, size()).
  virtual Batch batch(const std::vector<int64_t>& indices) const = 0;

  // Of every sample.
  virtual Space space() const = 0;

  // The name of each label; empty where there are no labels.
  virtual std::vector<std::string> classes() const { return {}; }

  // The name of each number that Told::value holds; empty where it is undefined.
  virtual std::vector<std::string> values() const { return {}; }
};

}  // namespace steer

// What every data set is: numbered images with labels, given out in batches.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Some images of a data set.
struct Batch {
  Tensor x;      // float32 [B, C, H, W] in [-1, 1]
  Tensor label;  // int64 [B], -1 where there is no label
  Tensor index;  // int64 [B], positions in the data set
};

// A finite list of images of one shape. Every function may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  // How many images there are.
  virtual int64_t size() const = 0;

  // The images at `indices`, in that order. Throws unless every index is in [0, size()).
  virtual Batch batch(const std::vector<int64_t>& indices) const = 0;

  // Of every image: [C, H, W].
  virtual std::vector<int64_t> shape() const = 0;

  // The name of each label; empty where there are no labels.
  virtual std::vector<std::string> classes() const { return {}; }
};

}  // namespace steer

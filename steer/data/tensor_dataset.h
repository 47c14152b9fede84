// A data set whose samples stand in memory as numbers.
#pragma once

#include "steer/data/dataset.h"

namespace steer {

// Samples and labels in memory.
class TensorDataset : public Dataset {
 public:
  // x float32 [N, space.sizes...], N > 0; labels int64 [N], each -1 or, where there are class names, a number
  // of one; undefined: all -1.
  TensorDataset(Space space, Tensor x, Tensor labels = {}, std::vector<std::string> classes = {});

  int64_t size() const override { return x_.size(0); }
  Batch batch(const std::vector<int64_t>& indices) const override;
  Space space() const override { return space_; }
  std::vector<std::string> classes() const override { return classes_; }

 private:
  Space space_;
  Tensor x_, labels_;
  std::vector<std::string> classes_;
};

}  // namespace steer

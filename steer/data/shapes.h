// A procedural data set: one coloured shape on a smooth background, drawn from a seed and a number.
#pragma once

#include "steer/data/dataset.h"

namespace steer {

// Image i of a seed is always the same, whatever else is drawn; anti-aliased from signed distances. Its
// place, radius, rotation and colours are drawn at random, independently of its label, the kind of shape.
class ShapesDataset : public Dataset {
 public:
  // `count` images [channels, side, side]: side 8 to 1024, channels 1 (grey) or 3.
  ShapesDataset(int64_t count, int64_t side, int64_t channels, uint64_t seed);

  int64_t size() const override { return count_; }
  Batch batch(const std::vector<int64_t>& indices) const override;
  std::vector<int64_t> shape() const override { return {channels_, side_, side_}; }

  // disc, square, triangle, cross, ring.
  std::vector<std::string> classes() const override;

  // A second label: the hue of the shape, int64 [B], as a number of hue_names(): red, orange, yellow, green,
  // blue, purple.
  Tensor hues(const std::vector<int64_t>& indices) const;
  static std::vector<std::string> hue_names();

 private:
  int64_t count_, side_, channels_;
  uint64_t seed_;
};

}  // namespace steer

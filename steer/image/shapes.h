// A procedural data set: one coloured shape on a smooth background, drawn from a seed and a number.
#pragma once

#include "steer/data/dataset.h"
#include "steer/image/image_space.h"

namespace steer {

// What the images are labelled by, and which of them are rare.
struct ShapesOptions {
  std::string labels = "kind";  // what the label names: kind, hue or both

  // A hue and a kind, as "purple ring", that are seldom seen together: a scene of both gets another hue
  // (evenly among the others) except with the chance rare_share in [0, 1], and is otherwise left as it was.
  // Empty: none; every combination is then 1/30 of the images.
  std::string rare;
  double rare_share = 0.15;
};

// Image i of a seed is always the same, whatever else is drawn; anti-aliased from signed distances. Its
// place, radius and rotation are drawn at random, independently of its kind and hue, which are independent of
// each other unless a combination is rare.
class ShapesDataset : public Dataset {
 public:
  // `count` images [channels, side, side]: side 8 to 1024, channels 1 (grey) or 3. Error for words that name
  // no labels, hue or kind.
  ShapesDataset(int64_t count, int64_t side, int64_t channels, uint64_t seed,
                const ShapesOptions& options = {});

  int64_t size() const override { return count_; }
  Batch batch(const std::vector<int64_t>& indices) const override;
  Space space() const override { return image_space(channels_, side_, side_); }

  // kind_names() or hue_names(); where both are told, label = kind * 6 + hue: "red disc", "orange disc" to
  // "purple ring".
  std::vector<std::string> classes() const override;

  // The hue of the shape, int64 [B], as a number of hue_names(), whatever the labels are.
  Tensor hues(const std::vector<int64_t>& indices) const;

  static std::vector<std::string> kind_names();  // disc, square, triangle, cross, ring
  static std::vector<std::string> hue_names();   // red, orange, yellow, green, blue, purple

 private:
  int64_t count_, side_, channels_;
  uint64_t seed_;
  ShapesOptions options_;
  int64_t rare_ = -1;  // kind * 6 + hue, or -1 for none
};

}  // namespace steer

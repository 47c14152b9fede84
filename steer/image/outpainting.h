// A picture that grows beyond its edges, through windows of the size that a model makes.
#pragma once

#include <torch/types.h>

#include <vector>

#include "steer/image/linear.h"

namespace steer {

// Pixels that are added at each side.
struct Margins {
  int64_t left = 0, right = 0, top = 0, bottom = 0;  // at least 0 each
};

// N pictures that grow alike from one. Windows overlap by half, or more at the edges; what one of them makes
// is known to the next.
class Outpainting {
 public:
  // A picture [C, h, w] in [-1, 1] and windows of height x width pixels. Error where the margins are negative
  // or all 0, and where the grown picture is smaller than a window.
  Outpainting(const Tensor& picture, const Margins& margins, int64_t height, int64_t width, int64_t count);

  // Whether every pixel is made.
  bool done() const { return next_ < 0; }
  // Share of the added pixels that are made, in [0, 1].
  double share() const;

  // What is known in the window that comes next, the one with the most known pixels of those that lack some:
  // a task for N samples, of `noise` as inpaint().
  LinearTask task(double noise) const;
  // Takes samples [N, C, height, width] as that window: their pixels where nothing was known. Goes on to the
  // next.
  void take(const Tensor& samples);

  // float32 [N, C, h + top + bottom, w + left + right]: the picture, and what was made around it; else grey.
  const Tensor& pictures() const { return pictures_; }

 private:
  struct Place {
    int64_t top, left;
  };
  void choose();
  Tensor window(const Tensor& of) const;

  Tensor pictures_, known_;  // [N, C, H, W], and bool [1, 1, H, W]
  int64_t height_, width_, added_ = 0;
  std::vector<Place> places_;
  int64_t next_ = 0;  // place in places_; -1: none
};

}  // namespace steer

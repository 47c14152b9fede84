#include "steer/picture/nested.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// The smallest odd side whose square has room for K children around a middle.
int64_t side_of(int64_t branching) {
  int64_t side = 3;
  while (side * side <= branching) side += 2;
  return side;
}

class NestedPainter {
 public:
  NestedPainter(const std::vector<Tensor>& levels, int64_t cell)
      : levels_(levels), branching_(levels[0].size(0)), side_(side_of(branching_)) {
    int64_t pixels = cell;
    for (size_t l = 0; l < levels.size(); ++l) pixels *= side_;
    picture_ = at::ones({levels[0].size(1), pixels, pixels});
  }

  // Paints the square at (y, x) whose middle is image `row` of `level` (-1: the root).
  void paint(int64_t level, int64_t row, int64_t y, int64_t x, int64_t pixels) {
    const Tensor image = level < 0 ? levels_[0].mean(0) : levels_[static_cast<size_t>(level)][row];
    if (level == static_cast<int64_t>(levels_.size()) - 1) {
      put(image, y, x, pixels);
      return;
    }
    const int64_t block = pixels / side_, middle = side_ * side_ / 2;
    put(image, y + side_ / 2 * block, x + side_ / 2 * block, block);
    for (int64_t k = 0; k < branching_; ++k) {
      const int64_t place = k < middle ? k : k + 1;
      paint(level + 1, std::max<int64_t>(row, 0) * branching_ + k, y + place / side_ * block,
            x + place % side_ * block, block);
    }
  }

  const Tensor& picture() const { return picture_; }

 private:
  void put(const Tensor& image, int64_t y, int64_t x, int64_t pixels) {
    // A white line of a pixel at two sides keeps neighbours apart.
    const Tensor fitted = at::adaptive_avg_pool2d(
        at::upsample_nearest2d(image.unsqueeze(0), {4 * pixels, 4 * pixels}), {pixels, pixels})[0];
    picture_.narrow(1, y, pixels).narrow(2, x, pixels).copy_(fitted);
    picture_.narrow(1, y, 1).narrow(2, x, pixels).fill_(1);
    picture_.narrow(1, y, pixels).narrow(2, x, 1).fill_(1);
  }

  const std::vector<Tensor>& levels_;
  int64_t branching_, side_;
  Tensor picture_;
};

}  // namespace

Tensor nested_picture(const std::vector<Tensor>& levels, int64_t cell) {
  STEER_CHECK(cell >= 4, "[tree] expected cells of at least 4 pixels but got ", cell);
  STEER_CHECK(!levels.empty(), "[tree] expected images of at least one level");
  for (size_t l = 0; l < levels.size(); ++l)
    STEER_CHECK(
        levels[l].dim() == 4 && (l == 0 || levels[l].size(0) == levels[l - 1].size(0) * levels[0].size(0)),
        "[tree] level ", l + 1, ": expected images [K^", l + 1, ", C, h, w] but got ",
        shape_text(levels[l].sizes()));
  NestedPainter painter(levels, cell);
  painter.paint(-1, 0, 0, 0, painter.picture().size(1));
  return painter.picture();
}

}  // namespace steer

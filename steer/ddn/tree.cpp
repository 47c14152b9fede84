#include "steer/ddn/tree.h"

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

class Painter {
 public:
  Painter(const PrefixTree& tree, int64_t cell) : tree_(tree), side_(side_of(tree.branching)) {
    int64_t pixels = cell;
    for (int64_t l = 0; l < tree.levels; ++l) pixels *= side_;
    picture_ = at::ones({tree.images[0].size(1), pixels, pixels});
  }

  // Paints the square at (y, x) whose middle is the prefix `row` of `level` (-1: the root).
  void paint(int64_t level, int64_t row, int64_t y, int64_t x, int64_t pixels) {
    const Tensor image = level < 0 ? tree_.images[0].mean(0) : tree_.images[static_cast<size_t>(level)][row];
    if (level == tree_.levels - 1) {
      put(image, y, x, pixels);
      return;
    }
    const int64_t block = pixels / side_, middle = side_ * side_ / 2;
    put(image, y + side_ / 2 * block, x + side_ / 2 * block, block);
    for (int64_t k = 0; k < tree_.branching; ++k) {
      const int64_t place = k < middle ? k : k + 1;
      paint(level + 1, std::max<int64_t>(row, 0) * tree_.branching + k, y + place / side_ * block,
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

  const PrefixTree& tree_;
  int64_t side_;
  Tensor picture_;
};

}  // namespace

PrefixTree prefix_tree(const Network& network, int64_t levels, int64_t most, const Condition& condition) {
  const auto shapes = network.shapes();
  STEER_CHECK(levels >= 1 && levels <= network.depth(), "[tree] expected 1 to ", network.depth(),
              " levels but got ", levels);
  const int64_t branching = shapes[0].candidates;
  int64_t leaves = 1;
  for (int64_t l = 0; l < levels; ++l) {
    STEER_CHECK(shapes[static_cast<size_t>(l)].candidates == branching,
                "[tree] expected layers of one K but layer 1 has ", branching, " and layer ", l + 1, " has ",
                shapes[static_cast<size_t>(l)].candidates);
    leaves *= branching;
    STEER_CHECK(leaves <= most, "[tree] ", levels, " levels of K = ", branching, " are more than ", most,
                " prefixes; ask for fewer levels");
  }
  torch::NoGradGuard no_grad;
  PrefixTree tree{branching, levels, {}};
  // Every row goes on under all its candidates; below the last level asked for, one row is enough to finish.
  const Chooser fan = [levels](const Candidates& candidates, int64_t layer) {
    const Tensor zero = at::zeros({1}, at::TensorOptions().dtype(torch::kInt64).device(candidates.device()));
    if (layer >= levels) return Choice{zero, zero, {}};
    const Tensor all = at::arange(candidates.rows() * candidates.count(), zero.options());
    return Choice{at::remainder(all, candidates.count()), at::div(all, candidates.count(), "floor"), {}};
  };
  const int64_t size = network.image_size();
  const Observer observer = [&](const LayerStep& step) {
    if (step.layer < levels) tree.images.push_back(area_resize(step.image, size, size).clamp(-1, 1).cpu());
  };
  network.run(1, fan, observer, condition);
  return tree;
}

Tensor tree_picture(const PrefixTree& tree, int64_t cell) {
  STEER_CHECK(cell >= 4, "[tree] expected cells of at least 4 pixels but got ", cell);
  Painter painter(tree, cell);
  painter.paint(-1, 0, 0, 0, painter.picture().size(1));
  return painter.picture();
}

}  // namespace steer

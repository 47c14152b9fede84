#include "steer/ddn/tree.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

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

}  // namespace steer

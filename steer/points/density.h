// Density estimation in the plane: K points that split-and-prune spreads so that each stands for an equal
// share of what was seen. The one-layer DDN of the toy experiment of Yang, ICLR 2025.
#pragma once

#include <torch/types.h>

#include <string>

#include "steer/codes/count_tree.h"
#include "steer/points/nearest_grid.h"

namespace steer {

using torch::Tensor;

// How many points there are, and how they learn.
struct DensityOptions {
  int64_t nodes = 10000;       // K
  int64_t batch = 10;          // targets between two tests of the rule
  double step = 0.4;           // how far a node goes toward its target
  std::string rule = "exact";  // when a node splits, see rule_fires; exact | paper | none
  int64_t splits = 1;          // per batch at the most
};

// Checks the words and ranges; Error names the field.
void check(const DensityOptions& options);

// The points while they learn.
class DensityNodes {
 public:
  // Nodes uniformly at random in [-1, 1] x [-1, 1].
  DensityNodes(const DensityOptions& options, uint64_t seed);

  // Takes targets float64 [N, 2] in order, `batch` at a time. Within a batch: the node nearest to each target
  // (L1, ties to the lower index) is counted; while the rule fires the busiest node is cloned over the
  // idlest, and both have half of its count; then each target's node goes a step toward it.
  void train(const Tensor& targets);

  // The step from now on, in (0, 1]. Steps that shrink settle the nodes.
  void set_step(double step);

  Tensor points() const;                      // float64 [K, 2]
  Tensor counts() const;                      // float64 [K]
  int64_t splits() const { return splits_; }  // made so far

 private:
  void train_batch(const Point* targets, int64_t count);

  DensityOptions options_;
  NearestGrid grid_;
  CountTree counts_;
  std::vector<int64_t> chosen_;
  int64_t splits_ = 0;
};

}  // namespace steer

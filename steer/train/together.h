// Several processes (or threads) that train one model, each on its share of every batch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace steer {

using torch::Tensor;

// Who trains together. Ranks begin with the same weights, take the same number of rows of every batch and
// make the same steps; then they stay alike. By itself: one process, which sums nothing.
struct Together {
  int64_t rank = 0;  // of this process, from 0
  int64_t of = 1;    // how many there are

  // Puts the sum over all ranks into each tensor, in place, with the same bits on every rank; called by all
  // of them, in the same order, with tensors of the same shapes and types. Empty where there is one rank.
  std::function<void(const std::vector<Tensor>&)> sum;
};

// Error unless 0 <= rank < of, and there is a sum where there are several ranks.
void check(const Together& together);

// The seed of this rank's share of a step: its own, so that no two shares are given the same noise. One
// process takes the step's.
uint64_t seed_of_share(const Together& together, uint64_t seed);

// One sum over all ranks: `means`, taken over rows of each share, become means over the whole batch, `counts`
// over rows become those of the whole batch. In place; undefined tensors, which are so on every rank, stay
// so.
void join(const Together& together, const std::vector<Tensor>& means, const std::vector<Tensor>& counts);

}  // namespace steer

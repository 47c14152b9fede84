// Several processes (or threads) that train one model, each on its share of every batch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "steer/core/checkpoint.h"
#include "steer/data/share.h"

namespace steer {

using torch::Tensor;

// Who trains together. Ranks begin with the same weights, take the same number of rows of every batch and
// make the same steps; then they stay alike. By itself: one process, which sums nothing.
struct Together {
  int64_t rank = 0;  // of this process, from 0
  int64_t of = 1;    // how many there are

  // Puts the sum over all ranks into each tensor, in place, with the same bits on every rank; called by all
  // of them, in the same order, with tensors of the same shapes and types. Error where another rank is gone.
  // Empty where there is one rank.
  std::function<void(const std::vector<Tensor>&)> sum;
};

// Error unless 0 <= rank < of, and there is a sum where there are several ranks.
void check(const Together& together);

// What this rank takes of every batch.
Share share_of(const Together& together);

// One sum over all ranks: `means`, taken over rows of each share, become means over the whole batch, `counts`
// over rows become those of the whole batch. In place; undefined tensors, which are so on every rank, stay
// so.
void join(const Together& together, const std::vector<Tensor>& means, const std::vector<Tensor>& counts);

// Gives all ranks, bit for bit, what rank 0 has in these tensors, in place.
void take_of_first(const Together& together, const std::vector<Tensor>& tensors);
// The checkpoint of rank 0 on every rank; of the others it is not looked at.
Checkpoint of_first(const Together& together, const Checkpoint& checkpoint);

}  // namespace steer

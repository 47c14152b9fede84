// The part of every batch that one of several processes takes, and what its rows draw by chance.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

using torch::Tensor;

// Rows [rank B / of, (rank + 1) B / of) of every batch of B. By itself: all of them.
struct Share {
  int64_t rank = 0;  // from 0
  int64_t of = 1;    // how many shares, all of the same size
};

// Seeds of the `rows` rows of a share: int64 [rows], those that the same rows have within the whole batch,
// whose row i has base + i.
Tensor row_seeds(const Share& share, uint64_t base, int64_t rows, torch::Device device = torch::kCPU);

// A share's own out of what was drawn for all rows of the batch: [rows of all, ...] to [rows, ...].
Tensor own_rows(const Share& share, const Tensor& all);

// A seed for what is drawn for a share as a whole, as dropout is: its own, so that no two shares are given
// the same. The only share takes the step's.
uint64_t seed_of_share(const Share& share, uint64_t seed);

}  // namespace steer

// A prior with random numbers, for tests.
#pragma once

#include "steer/codes/prior.h"
#include "steer/core/random.h"

namespace steer {

// Its probabilities differ by some bits and depend on the indices before, and on the label where there are
// some.
inline Prior small_prior(const std::vector<int64_t>& candidates, uint64_t model, uint64_t seed = 1,
                         int64_t width = 6, int64_t labels = 0) {
  Random random(seed);
  int64_t rows = 0;
  for (int64_t k : candidates) rows += k;
  const auto numbers = [&](at::IntArrayRef shape, int64_t most, torch::ScalarType type) {
    const Tensor values = at::empty(shape, torch::kInt64);
    int64_t* value = values.data_ptr<int64_t>();
    for (int64_t i = 0; i < values.numel(); ++i)
      value[i] = static_cast<int64_t>(random.below(static_cast<uint64_t>(2 * most + 1))) - most;
    return values.to(type);
  };
  PriorNumbers n;
  n.candidates = candidates;
  n.head_bits = 10;
  n.embedding = numbers({rows, width}, 2000, torch::kInt16);
  n.bias = numbers({static_cast<int64_t>(candidates.size()), width}, 1000, torch::kInt16);
  n.head = numbers({rows, width}, 1500, torch::kInt16);
  n.head_bias = numbers({rows}, 1 << 20, torch::kInt32);
  if (labels > 0) n.told = numbers({labels, width}, 4000, torch::kInt16);
  return Prior(std::move(n), model);
}

}  // namespace steer

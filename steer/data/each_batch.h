// A whole data set, some samples at a time.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "steer/data/dataset.h"

namespace steer {

// Calls take(batch) for all samples in their order, at most `at_once` in a batch.
template <class Take>
void each_batch(const Dataset& data, const Take& take, int64_t at_once = 4096) {
  for (int64_t at = 0; at < data.size(); at += at_once) {
    std::vector<int64_t> index(static_cast<size_t>(std::min(at_once, data.size() - at)));
    std::iota(index.begin(), index.end(), at);
    take(data.batch(index));
  }
}

}  // namespace steer

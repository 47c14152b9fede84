// Damaged copies of a file's bytes, for tests of readers that must survive any input.
#pragma once

#include <algorithm>
#include <string>

#include "steer/core/random.h"

namespace steer {

// One to four faults out of: a flipped bit, another byte, a run of one value, a cut end, bytes taken out,
// bytes doubled, a whole number of 1 to 8 bytes set to an extreme.
inline std::string damaged(std::string bytes, Random& random) {
  for (uint64_t faults = 1 + random.below(4); faults > 0 && !bytes.empty(); --faults) {
    // Faults fall on the beginning more often, where headers are.
    const size_t reach = random.below(2) ? bytes.size() : std::min<size_t>(bytes.size(), 48);
    const size_t at = random.below(reach);
    const size_t count = 1 + random.below(std::min<size_t>(bytes.size() - at, 8));
    switch (random.below(7)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 2:
        std::fill_n(bytes.begin() + static_cast<int64_t>(at), count, random.below(2) ? '\xFF' : '\0');
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(at, count);
        break;
      case 5:
        bytes.insert(at, bytes.substr(at, count));
        break;
      default: {
        const uint64_t extreme = (uint64_t{1} << random.below(64)) - random.below(2);
        for (size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<char>(extreme >> (8 * i));
      }
    }
  }
  return bytes;
}

}  // namespace steer

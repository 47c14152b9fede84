#include "steer/data/share.h"

#include "steer/core/random.h"

namespace steer {

Tensor row_seeds(const Share& share, uint64_t base, int64_t rows, torch::Device device) {
  return sample_seeds(base + static_cast<uint64_t>(share.rank * rows), rows, device);
}

Tensor own_rows(const Share& share, const Tensor& all) {
  const int64_t rows = all.size(0) / share.of;
  return all.narrow(0, share.rank * rows, rows);
}

uint64_t seed_of_share(const Share& share, uint64_t seed) {
  return share.of == 1 ? seed : derive_seed(seed, static_cast<uint64_t>(share.rank));
}

}  // namespace steer

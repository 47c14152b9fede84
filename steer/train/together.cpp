#include "steer/train/together.h"

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {

void check(const Together& together) {
  STEER_CHECK(together.of >= 1 && together.rank >= 0 && together.rank < together.of,
              "[together] expected a rank from 0 to ", together.of - 1, " but got ", together.rank);
  STEER_CHECK(together.of == 1 || together.sum, "[together] expected a sum over ", together.of,
              " ranks but got none");
}

uint64_t seed_of_share(const Together& together, uint64_t seed) {
  return together.of == 1 ? seed : derive_seed(seed, static_cast<uint64_t>(together.rank));
}

void join(const Together& together, const std::vector<Tensor>& means, const std::vector<Tensor>& counts) {
  if (together.of == 1) return;
  torch::NoGradGuard no_grad;
  std::vector<Tensor> all;
  for (const Tensor& mean : means)
    if (mean.defined()) all.push_back(mean.div_(together.of));
  for (const Tensor& count : counts)
    if (count.defined()) all.push_back(count);
  together.sum(all);
}

}  // namespace steer

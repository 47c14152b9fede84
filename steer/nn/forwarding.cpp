#include "steer/nn/forwarding.h"

#include <ATen/Context.h>

#include <mutex>

#include "steer/core/random.h"

namespace steer {
namespace {

// A generator of a device's kind that begins at the seed. Copied, since only the global one is at hand for
// every device; that one stays as it is.
at::Generator generator_at(uint64_t seed, torch::Device device) {
  at::Generator global = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(global.mutex());
  at::Generator own = global.clone();
  own.set_current_seed(seed);
  return own;
}

}  // namespace

DropoutSeed seed_of_part(const DropoutSeed& seed, uint64_t number) {
  return seed ? DropoutSeed(derive_seed(*seed, number)) : seed;
}

Tensor with_dropout(const Tensor& x, double chance, const DropoutSeed& seed) {
  if (chance <= 0 || !seed) return x;
  const Tensor kept = at::empty_like(x).bernoulli_(1 - chance, generator_at(*seed, x.device()));
  return x * kept.div_(1 - chance);
}

}  // namespace steer

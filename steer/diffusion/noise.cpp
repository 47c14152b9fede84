#include "steer/diffusion/noise.h"

#include "steer/core/random.h"

namespace steer {
namespace {

// Streams of random numbers: the beginning, and the first of the draws.
constexpr uint64_t kStartStream = 10000000;
constexpr uint64_t kDrawStream = 20000000;

}  // namespace

Noise seeded_noise(const Tensor& seeds, at::IntArrayRef shape) {
  return [seeds, sizes = shape.vec()](int64_t draw) {
    return normal_rows(seeds, kDrawStream + static_cast<uint64_t>(draw), sizes).to(torch::kFloat64);
  };
}

Tensor starting_noise(const Tensor& seeds, at::IntArrayRef shape, double sigma_max) {
  return sigma_max * normal_rows(seeds, kStartStream, shape).to(torch::kFloat64);
}

}  // namespace steer

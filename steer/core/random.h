// Random numbers that are functions of a seed, so that a sample never depends on its neighbours.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace steer {

using torch::Tensor;

// A well-mixed function of its argument (the finaliser of SplitMix64; Steele, Lea, Flood 2014).
uint64_t mix(uint64_t value);

// A new seed that belongs to `seed` and the given labels; other labels give unrelated seeds.
uint64_t derive_seed(uint64_t seed, uint64_t label);
uint64_t derive_seed(uint64_t seed, uint64_t label, uint64_t second);

// A small generator for host-side choices (shuffles, procedural data): SplitMix64.
class Random {
 public:
  // Equal seeds give equal numbers.
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next();                          // 64 random bits
  double uniform();                         // in [0, 1)
  double uniform(double low, double high);  // in [low, high)
  uint64_t below(uint64_t bound);           // in [0, bound), bound > 0, unbiased
  double normal();                          // mean 0, variance 1 (Box and Muller 1958)

 private:
  uint64_t state_;
};

// The numbers 0..count-1 in an order that is a function of the seed (Fisher and Yates).
std::vector<int64_t> permutation(int64_t count, uint64_t seed);

// Seeds of `count` samples: int64 [count], sample i gets base + i.
Tensor sample_seeds(uint64_t base, int64_t count, torch::Device device = torch::kCPU);

// Float32 [N, shape...]: row i depends on seeds[i] (int64 [N]) and `stream` alone, on every device.
// `uniform_rows` in [0, 1); `normal_rows` with mean 0 and variance 1.
Tensor uniform_rows(const Tensor& seeds, uint64_t stream, at::IntArrayRef shape);
Tensor normal_rows(const Tensor& seeds, uint64_t stream, at::IntArrayRef shape);

// The same as uniform_rows in float64, of 53 random bits, for draws of which the rare ones count.
Tensor fine_uniform_rows(const Tensor& seeds, uint64_t stream, at::IntArrayRef shape);

}  // namespace steer

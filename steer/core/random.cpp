#include "steer/core/random.h"

#include <cmath>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;
constexpr uint64_t kFirst = 0xBF58476D1CE4E5B9ull;
constexpr uint64_t kSecond = 0x94D049BB133111EBull;
constexpr double kTwoPi = 6.283185307179586476925;

// Shift to the right that fills with zeros, on the int64 tensors that stand for 64 unsigned bits.
Tensor shifted(const Tensor& bits, int64_t by) {
  return at::bitwise_and(at::bitwise_right_shift(bits, at::Scalar(by)), (int64_t{1} << (64 - by)) - 1);
}

Tensor mixed(Tensor bits) {
  bits = at::bitwise_xor(bits, shifted(bits, 30)) * static_cast<int64_t>(kFirst);
  bits = at::bitwise_xor(bits, shifted(bits, 27)) * static_cast<int64_t>(kSecond);
  return at::bitwise_xor(bits, shifted(bits, 31));
}

// The counter-th 64 bits of every row: mix(key(seed, stream) + (counter + 1) * golden).
Tensor bits_of(const Tensor& seeds, uint64_t stream, int64_t count) {
  STEER_CHECK(seeds.dim() == 1 && seeds.scalar_type() == torch::kInt64,
              "[random] expected int64 seeds [N] but got ", seeds.toString(), " with ", seeds.dim(),
              " dimensions");
  const Tensor key =
      mixed(mixed(seeds + static_cast<int64_t>(kGolden)) + static_cast<int64_t>(mix(stream + kGolden)));
  const Tensor counter = at::arange(1, count + 1, seeds.options()) * static_cast<int64_t>(kGolden);
  return mixed(key.unsqueeze(1) + counter.unsqueeze(0));
}

int64_t product(at::IntArrayRef shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

}  // namespace

uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * kFirst;
  value = (value ^ (value >> 27)) * kSecond;
  return value ^ (value >> 31);
}

uint64_t derive_seed(uint64_t seed, uint64_t label) {
  return mix(mix(seed + kGolden) + mix(label + kGolden));
}

uint64_t derive_seed(uint64_t seed, uint64_t label, uint64_t second) {
  return derive_seed(derive_seed(seed, label), second);
}

uint64_t Random::next() {
  return mix(state_ += kGolden);
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

uint64_t Random::below(uint64_t bound) {
  STEER_CHECK(bound > 0, "[random] expected a positive bound");
  // Numbers past the last whole multiple of the bound are drawn again.
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t drawn = next();
  while (drawn >= limit) drawn = next();
  return drawn % bound;
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(kTwoPi * uniform());
}

std::vector<int64_t> permutation(int64_t count, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Random random(seed);
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(order[i], order[random.below(static_cast<uint64_t>(i) + 1)]);
  return order;
}

Tensor sample_seeds(uint64_t base, int64_t count, torch::Device device) {
  return at::arange(count, at::TensorOptions().dtype(torch::kInt64).device(device)) +
         static_cast<int64_t>(base);
}

Tensor uniform_rows(const Tensor& seeds, uint64_t stream, at::IntArrayRef shape) {
  const Tensor bits = bits_of(seeds, stream, product(shape));
  return shifted(bits, 40).to(torch::kFloat32).mul_(0x1.0p-24).view(with_rows(seeds.size(0), shape));
}

Tensor fine_uniform_rows(const Tensor& seeds, uint64_t stream, at::IntArrayRef shape) {
  const Tensor bits = bits_of(seeds, stream, product(shape));
  return shifted(bits, 11).to(torch::kFloat64).mul_(0x1.0p-53).view(with_rows(seeds.size(0), shape));
}

Tensor normal_rows(const Tensor& seeds, uint64_t stream, at::IntArrayRef shape) {
  // One 64-bit number gives both uniforms: the upper 32 bits the radius, the lower 32 the angle.
  const Tensor bits = bits_of(seeds, stream, product(shape));
  const Tensor upper = shifted(bits, 32).to(torch::kFloat64).add_(0.5).mul_(0x1.0p-32);
  const Tensor lower =
      at::bitwise_and(bits, int64_t{0xFFFFFFFF}).to(torch::kFloat64).mul_(0x1.0p-32 * kTwoPi);
  const Tensor drawn = upper.log_().mul_(-2.0).sqrt_().mul_(lower.cos_());
  return drawn.to(torch::kFloat32).view(with_rows(seeds.size(0), shape));
}

}  // namespace steer

#include "steer/nn/extent.h"

#include "steer/core/check.h"

namespace steer {
namespace {

// As a whole number where it is one that counts things.
std::string counted_text(double value) {
  return value < 1e15 ? std::to_string(static_cast<int64_t>(value)) : joined(value);
}

}  // namespace

void Extent::add(const std::vector<int64_t>& shape, int64_t times) {
  double product = 1;
  for (int64_t side : shape) product *= static_cast<double>(side);
  tensors += static_cast<double>(times);
  numbers += product * static_cast<double>(times);
}

void check_extent(const std::map<std::string, Tensor>& tensors, const Extent& extent,
                  const std::string& what) {
  Extent held;
  for (const auto& [name, tensor] : tensors) held.add(tensor.sizes().vec());
  STEER_CHECK(held.tensors + kTensorSlack >= extent.tensors && held.numbers + kNumberSlack >= extent.numbers,
              what, ": expected ", counted_text(extent.tensors), " tensors of ", counted_text(extent.numbers),
              " numbers in all, as its options say, but got ", counted_text(held.tensors), " of ",
              counted_text(held.numbers));
}

}  // namespace steer

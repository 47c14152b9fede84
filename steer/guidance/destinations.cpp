#include "steer/guidance/destinations.h"

#include <cmath>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr uint64_t kChildStream = 7000000;

}  // namespace

Tensor destinations(const Tensor& x0, const Tensor& seeds, int64_t count, double std, int64_t draw) {
  STEER_CHECK(seeds.size(0) > 0 && x0.size(0) % seeds.size(0) == 0, "[destinations] expected a multiple of ",
              seeds.size(0), " rows but got ", shape_text(x0.sizes()));
  std::vector<int64_t> shape = x0.sizes().slice(1).vec();
  shape.insert(shape.begin(), x0.size(0) / seeds.size(0) * count);
  Tensor noise = normal_rows(seeds, kChildStream + static_cast<uint64_t>(draw), shape).to(x0.options());
  noise = noise.flatten(0, 1).unflatten(0, {x0.size(0), count});  // [B, count, ...]
  noise.select(1, 0).zero_();
  return (x0.unsqueeze(1) + std * noise).flatten(0, 1);
}

double open_deviation(double data_std, double sigma) {
  return data_std * sigma / std::hypot(data_std, sigma);
}

}  // namespace steer

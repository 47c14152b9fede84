#include "steer/models/augmentation.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr uint64_t kShiftStream = 5100000, kShrinkStream = 5200000, kLevelStream = 5300000,
                   kNoiseStream = 5400000;

Tensor shifted(const Tensor& x, const Tensor& seeds, int64_t most) {
  const Tensor u = uniform_rows(seeds, kShiftStream, {2}).to(x.device());
  const Tensor by = (u * static_cast<double>(2 * most + 1)).floor().to(torch::kInt64) - most;  // [N, 2]
  const auto places = [&](int64_t side, int64_t which) {
    return (at::arange(side, by.options()) + by.select(1, which).unsqueeze(1)).clamp(0, side - 1);
  };
  const Tensor image = at::arange(x.size(0), by.options()).view({-1, 1, 1});
  const Tensor rows = places(x.size(2), 0).unsqueeze(2), columns = places(x.size(3), 1).unsqueeze(1);
  return x.permute({0, 2, 3, 1}).index({image, rows, columns}).permute({0, 3, 1, 2});
}

Tensor coarsened(const Tensor& x, int64_t factor) {
  if (x.size(2) % factor || x.size(3) % factor) return x;
  return area_resize(area_resize(x, x.size(2) / factor, x.size(3) / factor), x.size(2), x.size(3));
}

}  // namespace

void check(const AugmentOptions& o) {
  const double sum = o.shrink_2 + o.shrink_4 + o.shrink_8;
  STEER_CHECK(
      std::min({o.shrink_2, o.shrink_4, o.shrink_8}) >= 0 && sum <= 1,
      "[options] classifier.augment: expected chances shrink_2, shrink_4 and shrink_8 whose sum is at "
      "most 1 but got ",
      o.shrink_2, ", ", o.shrink_4, " and ", o.shrink_8);
  STEER_CHECK(o.noise >= 0 && o.noise <= 100 && o.shift >= 0 && o.shift <= 4096,
              "[options] classifier.augment: expected noise from 0 to 100 and shift from 0 to 4096 but got ",
              o.noise, " and ", o.shift);
}

Tensor augmented(const Tensor& x, const Tensor& seeds, const AugmentOptions& o) {
  Tensor made = o.shift > 0 ? shifted(x, seeds, o.shift) : x;
  const Tensor u = uniform_rows(seeds, kShrinkStream, {1, 1, 1}).to(x.device());
  double below = 0;
  Tensor coarse = made;
  for (const auto& [chance, factor] :
       {std::pair<double, int64_t>{o.shrink_2, 2}, {o.shrink_4, 4}, {o.shrink_8, 8}})
    if (chance > 0) {
      coarse = at::where((u >= below) & (u < below + chance), coarsened(made, factor), coarse);
      below += chance;
    }
  if (o.noise <= 0) return coarse;
  const Tensor level = uniform_rows(seeds, kLevelStream, {1, 1, 1}).to(x.device()) * o.noise;
  return coarse + level * normal_rows(seeds, kNoiseStream, x.sizes().slice(1)).to(x.device());
}

}  // namespace steer

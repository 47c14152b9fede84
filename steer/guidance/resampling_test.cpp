#include "steer/guidance/resampling.h"

#include <gtest/gtest.h>

#include <limits>

namespace steer {
namespace {

Tensor logits() {
  return at::tensor({0.1, 0.2, 0.3, 0.4, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5}, torch::kFloat64)
      .view({3, 4})
      .log();
}

TEST(Resampling, TheEffectiveSizeGoesFromOneToAll) {
  const Tensor size = effective_size(at::cat({logits(), at::full({1, 4}, -700.0, torch::kFloat64)}));
  EXPECT_TRUE(at::allclose(size, at::tensor({1 / 0.3, 1.0, 2.0, 4.0}, torch::kFloat64)));
}

TEST(Resampling, EveryWeightIsDrawnByItsShareToWithinOne) {
  for (const double u : {0.0, 0.25, 0.999999}) {
    const Tensor drawn = systematic(logits(), at::full({3, 1}, u, torch::kFloat64), 10);
    const Tensor share = logits().exp() * 10;
    for (int64_t row = 0; row < 3; ++row) {
      const Tensor count = at::bincount(drawn[row], {}, 4).to(torch::kFloat64);
      EXPECT_LT((count - share[row]).abs().max().item<double>(), 1 + 1e-9) << row << " " << u;
      EXPECT_EQ(count.index({logits()[row].isneginf()}).sum().item<double>(), 0) << row << " " << u;
    }
  }
}

}  // namespace
}  // namespace steer

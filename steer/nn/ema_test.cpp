#include "steer/nn/ema.h"

#include <gtest/gtest.h>

namespace steer {
namespace {

TEST(Ema, HalvesItsDistanceInAHalfLife) {
  Tensor w = torch::zeros({1});
  Ema ema({{"w", w}}, 100);
  w.fill_(1);
  for (int i = 0; i < 10; ++i) ema.update(10, 1000000);
  EXPECT_NEAR(ema.shadow(w).item<float>(), 0.5, 1e-5);
}

TEST(Ema, SwapPutsTheShadowsInPlaceAndBack) {
  Tensor w = torch::zeros({1});
  Ema ema({{"w", w}}, 100);
  w.fill_(2);
  {
    const Ema::Swap swap(ema);
    EXPECT_EQ(w.item<float>(), 0);
  }
  EXPECT_EQ(w.item<float>(), 2);
  EXPECT_EQ(ema.shadow(w).item<float>(), 0);
}

TEST(Ema, WithoutHalfLifeIsTheParameterItself) {
  Tensor w = torch::zeros({1});
  Ema ema({{"w", w}}, 0);
  w.fill_(3);
  ema.update(10, 10);
  EXPECT_TRUE(ema.shadow(w).is_same(w));
}

}  // namespace
}  // namespace steer

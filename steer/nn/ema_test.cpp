#include "steer/nn/ema.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

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

TEST(Ema, APowerWeighsAllThePastByHowManyImagesWereSeen) {
  const Tensor p = torch::zeros({1});
  Ema ema({{"p", p}}, 0, 2);
  // The parameter stands at i after i images: the average of t with weights proportional to t^2 is 3/4 of the
  // last.
  for (int64_t i = 1; i <= 2000; ++i) {
    p.fill_(static_cast<double>(i));
    ema.update(1, i);
  }
  EXPECT_NEAR(ema.shadow(p).item<double>(), 0.75 * 2000, 2);
  EXPECT_THROW(Ema({{"p", p}}, 0, -1), Error);
}

}  // namespace
}  // namespace steer

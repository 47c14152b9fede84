#include "steer/nn/ema.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"

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

TEST(Ema, TakesOverNothingButItsOwn) {
  Tensor w = torch::zeros({2});
  Ema ema({{"w", w}}, 100);
  const auto fault = [&](const std::map<std::string, Tensor>& shadows) {
    return refusal([&] { ema.load(shadows, "[resume] f: ema"); });
  };
  EXPECT_NE(fault({}).find("[resume] f: ema: expected the 1 tensors of the network but got missing: w"),
            std::string::npos);
  EXPECT_NE(fault({{"w", torch::ones({3})}}).find("misshaped: w (expected [2] but got [3])"),
            std::string::npos);
  EXPECT_NE(fault({{"w", torch::ones({2})}, {"v", torch::ones({2})}}).find("unknown: v"), std::string::npos);
  EXPECT_NE(fault({{"w", torch::tensor({1.0f, NAN})}}).find("w: expected finite numbers"), std::string::npos);
  EXPECT_EQ(ema.shadow(w).sum().item<float>(), 0);  // as it was
  EXPECT_EQ(fault({{"w", torch::ones({2})}}), "accepted");
  EXPECT_EQ(ema.shadow(w).sum().item<float>(), 2);
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

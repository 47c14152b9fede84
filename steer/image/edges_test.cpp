#include "steer/image/edges.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Edges, TheMagnitudeOfARampIsItsSlopeTimesEight) {
  // x = a u + b v has gx = 8 a, gy = 8 b away from the border.
  const Tensor u = torch::arange(9, torch::kFloat64).view({1, 1, 1, 9}).expand({1, 1, 9, 9});
  const Tensor x = 0.03 * u + 0.04 * u.transpose(2, 3);
  const Tensor inner = sobel_magnitude(x).narrow(2, 1, 7).narrow(3, 1, 7);
  EXPECT_TRUE(torch::allclose(inner, torch::full_like(inner, 0.4), 1e-6, 1e-6));
  EXPECT_LT(sobel_magnitude(torch::ones({1, 3, 5, 5})).max().item<float>(), 1e-3f);
}

TEST(Edges, ATruthScoresHighestAndBrightnessDoesNotMatter) {
  torch::manual_seed(8);
  const Tensor truth = torch::rand({2, 3, 12, 12}) - 0.5;
  const EdgesObjective objective(truth, {1, 10}, "edges()");
  const Tensor own = objective.score(truth);
  EXPECT_TRUE(torch::allclose(own, torch::zeros({2}), 0, 1e-6));
  EXPECT_TRUE(torch::allclose(objective.score(truth + 0.3), own, 0, 1e-4));
  EXPECT_LT(objective.score(truth.flip({0})).max().item<float>(), -0.1f);
  EXPECT_EQ(objective.degraded().sizes(), truth.sizes());
  EXPECT_LE(objective.degraded().abs().max().item<float>(), 1);
  EXPECT_EQ(objective.enlargement(), Enlargement::kBilinear);
}

TEST(Edges, APyramidHalvesDownToFourToSevenPixels) {
  const std::vector<Tensor> sizes = sobel_pyramid(torch::rand({2, 3, 28, 33}), 10);
  ASSERT_EQ(sizes.size(), 3u);
  EXPECT_EQ(sizes[1].sizes(), at::IntArrayRef({2, 1, 14, 17}));
  EXPECT_EQ(sizes[2].sizes(), at::IntArrayRef({2, 1, 7, 9}));
  EXPECT_EQ(sobel_pyramid(torch::rand({1, 1, 2, 9}), 10).size(), 1u);
  EXPECT_EQ(sobel_pyramid(torch::rand({2, 3, 28, 33}), 2).size(), 2u);
}

TEST(Edges, ALineFarOffScoresWorseThanOneNearby) {
  const auto line = [](int64_t column) {
    Tensor x = torch::full({1, 1, 32, 32}, -1.0);
    x.select(3, column).fill_(1);
    return x;
  };
  const EdgesObjective objective(line(8), {1, 10}, "edges()");
  const double near = objective.score(line(12)).item<double>(),
               far = objective.score(line(20)).item<double>();
  EXPECT_GT(near, far + 0.05);
}

TEST(Edges, TheScoreIsInUnitsOfTheNoise) {
  torch::manual_seed(8);
  const Tensor truth = torch::rand({1, 1, 8, 8}), x = torch::rand({1, 1, 8, 8});
  const double full = (sobel_magnitude(x) - sobel_magnitude(truth)).abs().mean().item<double>();
  EXPECT_NEAR(EdgesObjective(truth, {0.25, 1}, "edges()").score(x).item<double>(), -4 * full, 1e-5);
}

TEST(Edges, HaveAGradientAlsoWhereASampleIsFlat) {
  const EdgesObjective objective(torch::rand({1, 1, 6, 6}), {1, 10}, "edges()");
  const Tensor flat = torch::zeros({1, 1, 6, 6}).requires_grad_();
  objective.score(flat).sum().backward();
  EXPECT_TRUE(torch::isfinite(flat.grad()).all().item<bool>());
  const Tensor x = torch::rand({1, 1, 6, 6}, torch::kFloat64).requires_grad_();
  objective.score(x).sum().backward();
  Tensor moved = x.detach().clone();
  moved[0][0][2][3] += 1e-6;
  const double slope = (objective.score(moved) - objective.score(x.detach())).item<double>() / 1e-6;
  EXPECT_NEAR(slope, x.grad()[0][0][2][3].item<double>(), 1e-4);
}

}  // namespace
}  // namespace steer

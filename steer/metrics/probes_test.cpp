#include "steer/metrics/probes.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// Three clouds in a plane of five dimensions that hardly matter.
Labelled clouds(int64_t rows, uint64_t seed) {
  torch::manual_seed(seed);
  Labelled some;
  some.label = at::arange(rows, torch::kInt64).remainder(3);
  const Tensor angle = some.label.to(torch::kFloat32) * 2.0944;
  const Tensor plane = at::stack({angle.cos(), angle.sin()}, 1) * 3 + at::randn({rows, 2}) * 0.3;
  some.x = at::cat({plane, at::randn({rows, 5}) * 0.1}, 1);
  return some;
}

TEST(Probes, TellCloudsApartAndNothingFromNoise) {
  const Labelled known = clouds(300, 1), tested = clouds(90, 2);
  EXPECT_EQ(nearest_accuracy(known, tested, 5), 1);
  EXPECT_EQ(linear_accuracy(known, tested), 1);
  const Labelled noise = {torch::randn({300, 4}), known.label}, more = {torch::randn({90, 4}), tested.label};
  EXPECT_LT(nearest_accuracy(noise, more, 5), 0.55);
  EXPECT_LT(linear_accuracy(noise, more), 0.55);
}

// What the nearest rows say is counted by hand; equally frequent labels give the smaller.
TEST(Probes, NeighboursVote) {
  const Labelled known = {torch::tensor({{0.0F}, {1.0F}, {2.0F}, {10.0F}}),
                          torch::tensor({1, 0, 1, 2}, torch::kInt64)};
  const Labelled one = {torch::tensor({{0.9F}}), torch::tensor({1}, torch::kInt64)};
  EXPECT_EQ(nearest_accuracy(known, one, 1), 0);
  EXPECT_EQ(nearest_accuracy(known, one, 2), 0);
  EXPECT_EQ(nearest_accuracy(known, one, 3), 1);
  EXPECT_THROW(nearest_accuracy(known, one, 5), Error);
  EXPECT_THROW(nearest_accuracy(known, {torch::ones({1, 2}), one.label}, 1), Error);
}

TEST(Probes, ALinearMapIsThatOfTheNormalEquations) {
  // Label 1 where x > 0.5: the line through the means of one feature cuts halfway.
  Labelled known = {at::linspace(0, 1, 101).unsqueeze(1), {}};
  known.label = (known.x.squeeze(1) > 0.5).to(torch::kInt64);
  EXPECT_GT(linear_accuracy(known, known, 1e-9), 0.98);
}

TEST(Probes, ComponentsAreThoseOfGreatestVariance) {
  torch::manual_seed(3);
  const Tensor turn = std::get<0>(at::linalg_qr(at::randn({4, 4}, torch::kFloat64)));
  const Tensor plain = at::randn({5000, 4}, torch::kFloat64) * at::tensor({4.0, 2.0, 1.0, 0.5});
  const Tensor x = plain.matmul(turn) + 7;
  const Tensor found = principal_components(x, x, 2);
  EXPECT_NEAR(found.select(1, 0).std().item<double>(), 4, 0.15);
  EXPECT_NEAR(found.select(1, 1).std().item<double>(), 2, 0.1);
  // The same axes up to a sign.
  const Tensor first = at::stack({found.select(1, 0), plain.select(1, 0) - plain.select(1, 0).mean()});
  EXPECT_GT(at::corrcoef(first)[0][1].abs().item<double>(), 0.999);
  EXPECT_THROW(principal_components(x, x, 5), Error);
}

}  // namespace
}  // namespace steer

#include "steer/image/linear.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/image/blur.h"
#include "steer/image/masks.h"
#include "steer/objectives/measurement.h"

namespace steer {
namespace {

Tensor pictures(int64_t count) {
  torch::manual_seed(7);
  return torch::rand({count, 3, 16, 16}) * 2 - 1;
}

std::vector<LinearObjective> family(const Tensor& truth) {
  std::vector<LinearObjective> all;
  all.emplace_back(inpaint(truth, make_mask("left", 16, 16)), "inpaint()");
  all.emplace_back(super_resolve(truth, 4), "super_resolve()");
  all.emplace_back(colourise(truth), "colourise()");
  all.emplace_back(denoise(truth), "denoise()");
  all.emplace_back(gaussian_deblur(truth, 1.5), "gaussian_deblur()");
  return all;
}

TEST(Linear, EveryObjectiveIsHighestAtItsOwnTarget) {
  const Tensor truth = pictures(2);
  for (const LinearObjective& objective : family(truth)) {
    const Tensor at_truth = objective.score(truth);
    EXPECT_TRUE(torch::allclose(at_truth, torch::zeros({2}), 0, 1e-6)) << objective.words();
    for (int i = 0; i < 8; ++i) {
      const Tensor moved = truth + 0.1 * torch::randn_like(truth);
      EXPECT_TRUE((objective.score(moved) < at_truth).all().item<bool>()) << objective.words();
    }
  }
}

TEST(Linear, LowBitKnowsTheNearestLevelAndItsRounding) {
  const Tensor truth = pictures(1);
  const LinearTask task = low_bit(truth, 5);
  EXPECT_TRUE(torch::allclose(task.measurement.y, (truth * 2).round() / 2));
  const double noise = std::sqrt(1 / (2 * task.measurement.scale));
  EXPECT_NEAR(noise, 0.5 / std::sqrt(12.0), 1e-9);
  EXPECT_NEAR((truth - task.measurement.y).square().mean().sqrt().item<double>(), noise, 0.01);
  EXPECT_THROW(low_bit(truth, 1), Error);
}

TEST(Linear, SamplesComeInOneGroupPerTarget) {
  const Tensor truth = pictures(3), x = pictures(12).flip({0});
  const std::vector<LinearObjective> together = family(truth);
  for (int64_t target = 0; target < 3; ++target) {
    const std::vector<LinearObjective> alone = family(truth.narrow(0, target, 1));
    for (size_t i = 0; i < together.size(); ++i)
      EXPECT_TRUE(torch::allclose(together[i].score(x).narrow(0, 4 * target, 4),
                                  alone[i].score(x.narrow(0, 4 * target, 4))));
  }
}

TEST(Linear, GradientsMatchFiniteDifferences) {
  const Tensor truth = pictures(1).to(torch::kFloat64);
  for (const LinearObjective& objective : family(truth)) {
    ASSERT_TRUE(objective.differentiable());
    Tensor x = torch::rand_like(truth).requires_grad_();
    objective.score(x).sum().backward();
    const Tensor direction = torch::randn_like(x);
    torch::NoGradGuard no_grad;
    const double slope =
        (objective.score(x + 1e-5 * direction) - objective.score(x - 1e-5 * direction)).item<double>() / 2e-5;
    const double expected = (x.grad() * direction).sum().item<double>();
    EXPECT_NEAR(slope, expected, 1e-6 * (1 + std::abs(expected))) << objective.words();
  }
}

TEST(Linear, ScoreIsTheSumOfItsMeasurements) {
  const Tensor truth = pictures(2), x = pictures(4);
  for (const LinearObjective& objective : family(truth)) {
    ASSERT_EQ(objective.linear().size(), 1u);
    EXPECT_TRUE(torch::equal(objective.score(x), log_likelihood(objective.linear()[0], x)));
  }
}

TEST(Inpaint, IgnoresAndForgetsWhatIsToBeFilled) {
  const Tensor truth = pictures(1), fill = make_mask("right", 16, 16);
  const LinearTask task = inpaint(truth, fill, 0.1);
  const Tensor other = truth * (1 - fill) + torch::randn_like(truth) * fill;
  EXPECT_FLOAT_EQ(log_likelihood(task.measurement, other).item<float>(), 0.0f);
  // One known pixel off by 0.5 in one channel: -0.25 / (2 * 0.01).
  Tensor moved = truth.clone();
  moved[0][1][3][2] += 0.5;
  EXPECT_NEAR(log_likelihood(task.measurement, moved).item<float>(), -12.5f, 1e-4);
  EXPECT_TRUE(torch::equal(task.hidden, fill));
  EXPECT_TRUE(torch::equal(task.degraded, truth * (1 - fill)));
  EXPECT_TRUE(torch::equal(task.measurement.y * fill, torch::zeros_like(truth)));
}

TEST(SuperResolve, SmallAndFullPicturesGiveTheSameTask) {
  const Tensor truth = pictures(2), low = area_resize(truth, 4, 4);
  const LinearTask from_full = super_resolve(truth, 4), from_low = super_resolve_from(low, 4);
  EXPECT_TRUE(torch::equal(from_full.measurement.y, low));
  EXPECT_TRUE(torch::equal(from_full.measurement.y, from_low.measurement.y));
  EXPECT_TRUE(torch::equal(from_full.degraded, from_low.degraded));
  EXPECT_TRUE(torch::allclose(from_full.measurement.map.measure(from_full.degraded), low));
  EXPECT_EQ(shape_text(from_low.hidden.sizes()), "[1, 1, 16, 16]");
  EXPECT_EQ(from_low.hidden.sum().item<float>(), 256.0f);
}

TEST(Colourise, ShowsAndMeasuresTheMeanOfTheChannels) {
  const Tensor truth = pictures(2);
  const LinearTask task = colourise(truth);
  for (int64_t c = 0; c < 3; ++c) EXPECT_TRUE(torch::allclose(task.degraded.select(1, c), truth.mean({1})));
  EXPECT_TRUE(torch::allclose(task.measurement.map.measure(truth), truth.mean({1}, true), 1e-5, 1e-6));
  EXPECT_THROW(colourise(truth.narrow(1, 0, 1)), Error);
}

TEST(GaussianDeblur, ShowsAndMeasuresTheBlurredPicture) {
  const Tensor truth = pictures(2);
  const LinearTask task = gaussian_deblur(truth, 1.5, 0, 0.1);
  EXPECT_TRUE(torch::equal(task.degraded, blurred(truth, gaussian_kernel(1.5, 6))));
  EXPECT_TRUE(torch::equal(task.measurement.map.measure(truth), task.degraded));
  EXPECT_EQ(task.hidden.sum().item<float>(), 256.0f);
  EXPECT_EQ(shape_text(task.hidden.sizes()), "[1, 1, 16, 16]");
  // A constant c more in every channel is c more in the blurred picture: -768 c^2 / (2 * 0.01).
  EXPECT_NEAR(log_likelihood(task.measurement, truth + 0.1)[0].item<float>(), -384, 0.05);
  // What is blurred away hardly counts: a checkerboard of amplitude 0.5.
  const Tensor cells = torch::arange(16).view({16, 1}) + torch::arange(16);
  const Tensor checks = cells.remainder(2).to(torch::kFloat32) - 0.5;
  EXPECT_GT(log_likelihood(task.measurement, truth + checks)[0].item<float>(), -1);
  EXPECT_TRUE(torch::equal(gaussian_deblur_from(task.degraded, 1.5).measurement.y, task.degraded));
}

TEST(GaussianDeblur, TheKernelIsNarrowedToThePictureUnlessItsSizeIsTold) {
  const Tensor small = pictures(1).narrow(2, 0, 4);
  EXPECT_TRUE(torch::equal(gaussian_deblur(small, 1.5).degraded, blurred(small, gaussian_kernel(1.5, 3))));
  EXPECT_TRUE(torch::equal(gaussian_deblur(small, 1.5, 5).degraded, blurred(small, gaussian_kernel(1.5, 2))));
  EXPECT_TRUE(torch::equal(gaussian_deblur(small, 1.5, 1).degraded, small));
  for (const int64_t size : {9, 4, -1}) EXPECT_THROW(gaussian_deblur(small, 1.5, size), Error);
  EXPECT_THROW(gaussian_deblur(small, 0), Error);
  EXPECT_THROW(gaussian_deblur(small, 1.5, 0, 0), Error);
  EXPECT_THROW(gaussian_deblur(small[0], 1.5), Error);
}

TEST(Linear, AGreyPartOfAMaskIsKnownWithTheNoiseOfThatShare) {
  const Tensor truth = pictures(1), x = torch::zeros_like(truth);
  const double noise = 0.05;
  Tensor fill = torch::zeros({1, 1, 16, 16});
  fill.slice(3, 0, 4).fill_(1), fill.slice(3, 4, 8).fill_(0.25), fill.slice(3, 8, 12).fill_(0.5);
  const LinearTask task = inpaint(truth, fill, noise);
  double wanted = 0;
  for (const auto& [from, share] : {std::pair{4, 0.25}, {8, 0.5}, {12, 0.0}}) {
    const double sigma = share / (1 - share);
    wanted -=
        truth.slice(3, from, from + 4).square().sum().item<double>() / (2 * (noise * noise + sigma * sigma));
  }
  EXPECT_NEAR(log_likelihood(task.measurement, x).item<double>(), wanted, 1e-4 * std::abs(wanted));
  EXPECT_TRUE(torch::allclose(task.degraded, truth * (1 - fill)));
  EXPECT_EQ(task.hidden.sum().item<double>(), 12 * 16);
}

TEST(Linear, RefusesNoiseThatIsNotAboveZeroAndWrongSizes) {
  const Tensor truth = pictures(2), fill = make_mask("left", 16, 16);
  for (const double noise : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(inpaint(truth, fill, noise), Error);
    EXPECT_THROW(super_resolve(truth, 4, noise), Error);
    EXPECT_THROW(colourise(truth, noise), Error);
    EXPECT_THROW(denoise(truth, noise), Error);
  }
  EXPECT_THROW(inpaint(truth, make_mask("left", 8, 8)), Error);
  EXPECT_THROW(inpaint(truth, 1.5 * fill), Error);
  EXPECT_THROW(super_resolve(truth, 5), Error);
  EXPECT_THROW(super_resolve(truth, 0), Error);
  EXPECT_THROW(denoise(truth[0]), Error);
}

}  // namespace
}  // namespace steer

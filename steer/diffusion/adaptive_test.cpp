#include "steer/diffusion/adaptive.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/solver.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

AdaptiveOptions tolerance(double value) {
  AdaptiveOptions options;
  options.rtol = options.atol = value;
  return options;
}

TEST(DormandPrince, FollowsAnOscillatorBothWays) {
  const Drift turn = [](const Tensor& x, const Tensor&, const Tensor&) {
    return at::stack({x.select(1, 1), -x.select(1, 0)}, 1);
  };
  const Tensor start = doubles({1, 0, 0, 2}).view({2, 2});
  const Tensor there = dormand_prince(turn, start, 0, 10, tolerance(1e-10)).x;
  EXPECT_NEAR(there[0][0].item<double>(), std::cos(10.0), 1e-8);
  EXPECT_NEAR(there[1][0].item<double>(), 2 * std::sin(10.0), 1e-8);
  EXPECT_LT(largest(dormand_prince(turn, there, 10, 0, tolerance(1e-10)).x - start), 1e-7);
}

TEST(DormandPrince, IsExactForPolynomialsOfDegreeFour) {
  const Drift quartic = [](const Tensor& x, const Tensor& t, const Tensor&) {
    return over(5 * t.pow(4), x) * at::ones_like(x);
  };
  EXPECT_NEAR(dormand_prince(quartic, at::zeros({1, 1}), 0, 2, tolerance(1e-3)).x.item<double>(), 32, 1e-12);
}

TEST(DormandPrince, SamplesThatArriveLeaveTheBatch) {
  // A fast sample needs more steps than a slow one; the drift sees it alone in the end.
  std::vector<int64_t> sizes;
  const Drift drift = [&](const Tensor& x, const Tensor& t, const Tensor& rows) {
    sizes.push_back(rows.size(0));
    const Tensor speed = at::where(rows == 1, at::full_like(t, 30), at::full_like(t, 0.5));
    return over(speed * (speed * t).cos(), x) * at::ones_like(x);
  };
  const Integral found = dormand_prince(drift, at::zeros({3, 1}), 0, 1, tolerance(1e-8));
  EXPECT_NEAR(found.x[1].item<double>(), std::sin(30.0), 1e-6);
  EXPECT_NEAR(found.x[2].item<double>(), std::sin(0.5), 1e-7);
  EXPECT_EQ(sizes.front(), 3);
  EXPECT_EQ(sizes.back(), 1);
  EXPECT_GT(found.evaluations[1].item<int64_t>(), found.evaluations[0].item<int64_t>());
  EXPECT_EQ(found.evaluations.max().item<int64_t>(), static_cast<int64_t>(sizes.size()));
  EXPECT_EQ((found.evaluations[0].item<int64_t>() - 2) % 6, 0);
}

TEST(DormandPrince, ErrorFallsWithTheTolerance) {
  const GaussianWorld world;
  const Tensor x = at::full({1, 1}, 50.0, torch::kFloat64);
  SolverOptions options;
  options.name = "dopri5";
  double last = 1;
  for (double value : {1e-3, 1e-5, 1e-7, 1e-9}) {
    options.rtol = options.atol = value;
    const Tensor found = solve(world.denoiser(), x, doubles({80, 0.002}), options, sample_seeds(0, 1)).x;
    const double error = largest(found - world.flow(x, 80, 0.002));
    EXPECT_LT(error, 20 * value);
    EXPECT_LT(error, last);
    last = error;
  }
}

TEST(DormandPrince, FollowsFlowTimeInFewEvaluations) {
  // Golden: N(.3, .7^2) from sigma 80 to .002 at 1e-5; sigma as the variable takes more than 200.
  const GaussianWorld world;
  const Tensor seeds = sample_seeds(1, 50), x = starting_noise(seeds, {3}, 80);
  SolverOptions options;
  options.name = "dopri5";
  const Solution found = solve(world.denoiser(), x, doubles({80, 0.002}), options, seeds);
  EXPECT_LT(found.evaluations, 60);
  EXPECT_LT(largest(found.x - world.flow(x, 80, 0.002)), 1e-4);
}

TEST(DormandPrince, ConditionsTravelWithTheirRows) {
  // Every row is pulled to its own target, whoever else is still on the way.
  const Tensor targets = doubles({-3, 0.1, 5});
  const DenoiserOf of = [&](const Tensor& rows) -> Denoiser {
    const Tensor target = targets.index_select(0, rows);
    return [target](const Tensor& x, const Tensor& sigma) {
      const Tensor square = over(sigma.square(), x);
      return (0.01 * x + square * over(target, x)) / (0.01 + square);
    };
  };
  SolverOptions options;
  options.name = "dopri5";
  const Tensor seeds = sample_seeds(1, 3);
  const Tensor x = solve(of, starting_noise(seeds, {4}, 80), doubles({80, 0.002, 0}), options, seeds).x;
  EXPECT_LT(largest(x - targets.unsqueeze(1)), 0.4);
}

TEST(DormandPrince, WhatCannotBeFollowedIsRefused) {
  const Drift broken = [](const Tensor& x, const Tensor&, const Tensor&) { return x * NAN; };
  EXPECT_THROW(dormand_prince(broken, at::ones({1, 1}), 0, 1, {}), Error);
  const Drift plain = [](const Tensor& x, const Tensor&, const Tensor&) { return x; };
  AdaptiveOptions few;
  few.max_steps = 2, few.rtol = few.atol = 1e-12;
  EXPECT_THROW(dormand_prince(plain, at::ones({1, 1}), 0, 10, few), Error);
  EXPECT_THROW(dormand_prince(plain, at::ones({1, 1}), 0, 1, tolerance(0)), Error);
}

}  // namespace
}  // namespace steer

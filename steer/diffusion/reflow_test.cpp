#include "steer/diffusion/reflow.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

Process flow() {
  return process_of("flow");
}

SolverOptions exact_ways() {
  SolverOptions options;
  options.name = "dopri5", options.rtol = options.atol = 1e-8;
  return options;
}

Tensor straight_levels(int64_t steps) {
  LevelOptions options;
  options.type = "flow", options.steps = steps;
  return make_levels(options, flow());
}

Tensor ends() {
  return doubles({flow().sigma_max(), 1e-4, 0});
}

// The velocity of the straight lines from n to y = mu + s n, which the flow of N(mu, s^2) joins.
NoisePredictor straight(const GaussianWorld& world) {
  return [=](const Tensor& x, const Tensor& label) {
    const Tensor t = over(label / 999, x);
    const Tensor n = (x - (1 - t) * world.mu) / ((1 - t) * world.s + t);
    return n - (world.mu + world.s * n);
  };
}

TEST(Reflow, PairsJoinNoiseToTheEndOfItsOwnWay) {
  const GaussianWorld world;
  const Pairs pairs = reflow_pairs(world.denoiser(), sample_seeds(1, 5), {3}, ends(), exact_ways());
  EXPECT_LT(largest(pairs.data - world.flow(flow().sigma_max() * pairs.noise, flow().sigma_max(), 0)), 1e-5);
  // The map of a Gaussian is y = mu + s n, but for the start at a finite sigma.
  EXPECT_LT(largest(pairs.data - (world.mu + world.s * pairs.noise)), 1e-3);
  const Pairs one = reflow_pairs(world.denoiser(), sample_seeds(4, 1), {3}, ends(), exact_ways());
  EXPECT_LT(largest(one.data[0] - pairs.data[3]), 1e-12);
}

TEST(Reflow, StraightLinesHaveNoLossAndOtherVelocitiesDo) {
  const GaussianWorld world;
  const Pairs pairs = reflow_pairs(world.denoiser(), sample_seeds(1, 6), {3}, ends(), exact_ways());
  const Tensor sigma = doubles({0.01, 0.1, 0.5, 2, 30, 400});
  const Tensor loss = velocity_loss_of_pairs(straight(world), flow(), pairs, sigma);
  EXPECT_EQ(loss.sizes(), at::IntArrayRef({6}));
  EXPECT_LT(largest(loss), 1e-5);
  // The velocity of independent pairs is another one: the best answer for them is no line.
  const NoisePredictor marginal = [&](const Tensor& x, const Tensor& label) {
    const Tensor t = label / 999, level = t / (1 - t), xbar = x / over(1 - t, x);
    return from_x0(Prediction::kVelocity, world.denoiser()(xbar, level), xbar, level);
  };
  EXPECT_GT(largest(velocity_loss_of_pairs(marginal, flow(), pairs, sigma)), 1e-2);
}

TEST(Reflow, AStraightFlowReachesItsDataInOneStep) {
  const GaussianWorld world;
  const Pairs pairs = reflow_pairs(world.denoiser(), sample_seeds(1, 6), {3}, ends(), exact_ways());
  const Denoiser D = preconditioned(straight(world), Prediction::kVelocity, flow(), torch::kFloat64);
  SolverOptions euler;
  euler.name = "euler";
  const Tensor start = flow().sigma_max() * pairs.noise, seeds = sample_seeds(1, 6);
  EXPECT_LT(largest(solve(D, start, straight_levels(1), euler, seeds).x - pairs.data), 5e-3);
  EXPECT_GT(largest(solve(world.denoiser(), start, straight_levels(1), euler, seeds).x - pairs.data), 0.3);
  EXPECT_LT(largest(straightness(D, pairs, straight_levels(20))), 1e-4);
  EXPECT_GT(straightness(world.denoiser(), pairs, straight_levels(20)).mean().item<double>(), 1e-2);
}

TEST(Reflow, DistillationLossIsTheErrorOfTheOneStep) {
  const GaussianWorld world;
  const Pairs pairs = reflow_pairs(world.denoiser(), sample_seeds(1, 4), {3}, ends(), exact_ways());
  EXPECT_LT(largest(distillation_loss(straight(world), Prediction::kVelocity, flow(), pairs)), 1e-4);
  EXPECT_LT(largest(distillation_loss(straight(world), Prediction::kVelocity, flow(), pairs, 1)), 1e-4);
  const NoisePredictor nothing = [](const Tensor& x, const Tensor&) { return at::zeros_like(x); };
  const Tensor loss = distillation_loss(nothing, Prediction::kX0, flow(), pairs);
  EXPECT_LT(largest(loss / pairs.data.square().mean(1) - std::pow(1000.0 / 999, 2)), 1e-9);
}

TEST(Reflow, SolversThatDrawNoiseAreRefused) {
  SolverOptions options;
  options.name = "ddpm";
  EXPECT_THROW(reflow_pairs(GaussianWorld().denoiser(), sample_seeds(1, 2), {3}, ends(), options), Error);
}

}  // namespace
}  // namespace steer

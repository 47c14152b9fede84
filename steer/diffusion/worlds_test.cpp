#include "steer/diffusion/worlds.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

TEST(Worlds, ADenoiserOfOneGaussianIsTheClosedForm) {
  const GaussianWorld world;
  const Denoiser exact = exact_denoiser(gaussian(doubles({0.3, 0.3, 0.3}), 0.7));
  const Tensor x = 5 * normals(1, {3}, 4), sigma = doubles({0.002, 0.3, 2, 80});
  EXPECT_LT(largest(exact(x, sigma) - world.denoiser()(x, sigma)), 1e-12);
}

TEST(Worlds, ScoreIsTheGradientOfTheDensityAndTheDenoiserItsForm) {
  for (const std::string& name : world_names()) {
    const Mixture world = make_world(name);
    const Tensor sigma = doubles({0.05, 0.2, 1, 10});
    Tensor x =
        mixture_samples(world, sample_seeds(1, 4)) + over(sigma, normals(2, {2}, 4)) * normals(2, {2}, 4);
    x.requires_grad_(true);
    const Tensor density = log_density(world, x, sigma);
    const Tensor gradient = torch::autograd::grad({density.sum()}, {x})[0];
    const Tensor score = exact_score(world, x.detach(), sigma);
    EXPECT_LT(largest(gradient - score), 1e-7) << name;
    const Tensor from_d = (exact_denoiser(world)(x, sigma) - x) / over(sigma.square(), x);
    EXPECT_LT(largest(from_d - score), 1e-7) << name;
  }
}

TEST(Worlds, DensitiesIntegrateToOne) {
  for (const std::string& name : world_names()) {
    const Mixture world = make_world(name);
    const Tensor axis = at::linspace(-2, 2, 101, torch::kFloat64);
    const Tensor x = at::stack({axis.repeat({101}), axis.repeat_interleave(101)}, 1);
    double sum = 0;
    for (const Tensor& part : x.split(20000))
      sum += log_density(world, part, at::full({part.size(0)}, 0.05, torch::kFloat64))
                 .exp()
                 .sum()
                 .item<double>();
    EXPECT_NEAR(sum * 0.04 * 0.04, 1, 1e-3) << name;
  }
}

TEST(Worlds, SamplesAreTheSeedsAloneAndHaveTheMoments) {
  for (const std::string& name : world_names()) {
    const Mixture world = make_world(name);
    const Tensor samples = mixture_samples(world, sample_seeds(10, 4000));
    EXPECT_TRUE(torch::equal(samples.slice(0, 7, 9), mixture_samples(world, sample_seeds(17, 2))));
    const Tensor mean = world.weights.matmul(world.means);
    EXPECT_LT(largest(samples.mean(0) - mean), 0.05) << name;
    const Tensor second = world.weights.matmul(world.means.square() + world.stds.square().unsqueeze(1));
    EXPECT_LT(largest(samples.square().mean(0) - second), 0.05) << name;
  }
}

TEST(Worlds, WrongWordsAndShapesAreRefused) {
  EXPECT_THROW(make_world("two_moon"), Error);
  EXPECT_THROW(log_density(make_world("spirals"), at::zeros({3, 4}), doubles({1, 1, 1})), Error);
}

}  // namespace
}  // namespace steer

#include "steer/diffusion/likelihood.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

Process edm() {
  return make_process({});
}

LikelihoodOptions options_of(const std::string& divergence) {
  LikelihoodOptions options;
  options.divergence = divergence;
  return options;
}

// ln N(x; mu, s^2 + sigma_min^2) summed over the numbers of each sample.
Tensor truth(const GaussianWorld& world, const Tensor& x) {
  return log_density(gaussian(at::full({x.size(1)}, world.mu, torch::kFloat64), world.s), x,
                     at::full({x.size(0)}, 0.002, torch::kFloat64));
}

TEST(Likelihood, OfAGaussianIsItsDensity) {
  const GaussianWorld world;
  const Tensor x = doubles({-1, 0.3, 0.9, 2}).view({4, 1}), seeds = sample_seeds(1, 4);
  for (const std::string divergence : {"exact", "hutchinson"}) {
    const Likelihood found = likelihood(world.denoiser(), edm(), x, seeds, options_of(divergence));
    EXPECT_LT(largest(found.nats - truth(world, x)), 0.01) << divergence;
    EXPECT_LT(largest(found.latent - world.flow(x, 0.002, 80)), 1e-2) << divergence;
    EXPECT_GT(found.evaluations.min().item<int64_t>(), 2);
  }
}

TEST(Likelihood, OfAMixtureInThePlaneIsItsDensity) {
  const Mixture world = make_world("eight_gaussians");
  const Tensor x = mixture_samples(world, sample_seeds(1, 6)), level = at::full({6}, 0.01, torch::kFloat64);
  LikelihoodOptions options = options_of("exact");
  options.sigma_min = 0.01;
  const Likelihood found = likelihood(exact_denoiser(world), edm(), x, sample_seeds(1, 6), options);
  EXPECT_LT(largest(found.nats - log_density(world, x, level)), 0.01);
}

TEST(Likelihood, HutchinsonIsRightOnAverage) {
  const Mixture world = make_world("eight_gaussians");
  const Tensor x = mixture_samples(world, sample_seeds(3, 1)).expand({200, 2});
  LikelihoodOptions options = options_of("hutchinson");
  options.sigma_min = 0.01;
  const Tensor nats = likelihood(exact_denoiser(world), edm(), x, sample_seeds(5, 200), options).nats;
  const double exact = log_density(world, x.slice(0, 0, 1), doubles({0.01})).item<double>();
  const double error = nats.std().item<double>() / std::sqrt(200.0);
  EXPECT_NEAR(nats.mean().item<double>(), exact, 4 * error + 0.01);
  // More probes scatter less.
  options.probes = 8;
  const Tensor eight = likelihood(exact_denoiser(world), edm(), x, sample_seeds(5, 200), options).nats;
  EXPECT_LT(eight.std().item<double>(), 0.6 * nats.std().item<double>() + 1e-3);
}

TEST(Likelihood, AFixedGridQuartersItsErrorWhenStepsDouble) {
  GaussianWorld world;
  world.mu = 0;
  LikelihoodOptions options = options_of("exact");
  options.prior_std = std::sqrt(0.49 + 6400);
  const Tensor x = 0.5 * normals(1, {3}, 4);
  const auto error = [&](int64_t steps) {
    options.grid_steps = steps;
    const Likelihood found = likelihood(world.denoiser(), edm(), x, sample_seeds(1, 4), options);
    EXPECT_EQ(found.evaluations[0].item<int64_t>(), 2 * steps);
    return largest(found.nats - truth(world, x));
  };
  EXPECT_NEAR(error(100) / error(200), 4, 0.4);
  EXPECT_LT(error(200), 0.01);
}

TEST(Likelihood, ASampleHasTheSameFigureAloneAndInABatch) {
  const Denoiser D = exact_denoiser(make_world("two_moons"));
  const Tensor x = mixture_samples(make_world("two_moons"), sample_seeds(1, 5)), seeds = sample_seeds(1, 5);
  const LikelihoodOptions options = options_of("hutchinson");
  const Likelihood all = likelihood(D, edm(), x, seeds, options);
  const Likelihood alone = likelihood(D, edm(), x.slice(0, 3, 4), seeds.slice(0, 3, 4), options);
  EXPECT_LT(std::abs((alone.nats[0] - all.nats[3]).item<double>()), 1e-9);
  EXPECT_EQ(alone.evaluations[0].item<int64_t>(), all.evaluations[3].item<int64_t>());
}

TEST(Likelihood, ThePriorMayKnowTheSpreadOfTheData) {
  // With the exact standard deviation at sigma_max only the mean of the data is left out: (.3 / 80)^2 / 2 and
  // x's part.
  GaussianWorld world;
  world.mu = 0;
  LikelihoodOptions options = options_of("exact");
  options.rtol = options.atol = 1e-8;
  options.prior_std = std::sqrt(0.49 + 6400);
  const Tensor x = doubles({-1, 0.4}).view({2, 1});
  const Tensor nats = likelihood(world.denoiser(), edm(), x, sample_seeds(0, 2), options).nats;
  EXPECT_LT(largest(nats - truth(world, x)), 1e-5);
}

TEST(Likelihood, UniformBytesCostEightBits) {
  // Density 2^-d over [-1, 1)^d is d ln 2 nats; 8 bits for each byte.
  EXPECT_NEAR(bits_per_dimension(doubles({-3 * std::log(2.0)}), 3).item<double>(), 8, 1e-12);
  const Tensor bytes =
      at::tensor(std::vector<int64_t>{0, 255, 128}, torch::kInt64).to(torch::kUInt8).view({3, 1});
  const Tensor x = dequantised(bytes, sample_seeds(1, 3));
  EXPECT_TRUE(torch::equal(((x + 1) * 128).floor().to(torch::kUInt8), bytes));
  EXPECT_LT(x.max().item<double>(), 1);
  EXPECT_GE(x.min().item<double>(), -1);
}

TEST(Likelihood, WrongOptionsAreRefused) {
  const GaussianWorld world;
  const Tensor x = at::zeros({2, 1});
  EXPECT_THROW(likelihood(world.denoiser(), edm(), x, sample_seeds(0, 2), options_of("trace")), Error);
  EXPECT_THROW(likelihood(world.denoiser(), edm(), x, sample_seeds(0, 3), {}), Error);
  LikelihoodOptions options;
  options.sigma_min = 100;
  EXPECT_THROW(likelihood(world.denoiser(), edm(), x, sample_seeds(0, 2), options), Error);
}

}  // namespace
}  // namespace steer

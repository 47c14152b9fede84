#include "steer/guidance/proposal.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/guidance/population_worlds.h"

namespace steer {
namespace {

std::vector<SolverOptions> noisy_solvers() {
  std::vector<SolverOptions> all = {solver_named("ddpm"), solver_named("ddpm"), solver_named("ddim"),
                                    solver_named("euler_ancestral"), solver_named("euler_ancestral")};
  all[1].variance = "large", all[2].eta = 1, all[4].eta = 0.6;
  return all;
}

TEST(Proposal, TheDeviationIsThatOfTheSolversNoise) {
  const Denoiser D = GaussianWorld().denoiser();
  const Tensor x = normals(1, {3}, 4);
  const Noise silence = [](int64_t) { return at::zeros({4, 3}, torch::kFloat64); };
  const Noise ones = [](int64_t) { return at::ones({4, 3}, torch::kFloat64); };
  for (const SolverOptions& solver : noisy_solvers()) {
    for (const double next : {1.2, 0.3, 0.0}) {
      const Tensor added =
          make_step(solver, ones)(D, x, 1.5, next) - make_step(solver, silence)(D, x, 1.5, next);
      EXPECT_LT(largest(added - kernel_deviation(solver, 1.5, next)), 1e-12) << solver.name << next;
    }
  }
}

TEST(Proposal, TheRatioIsThatOfTwoNormalDensities) {
  const Tensor mean = normals(2, {2, 3}, 5), shift = normals(3, {2, 3}, 5), z = normals(4, {2, 3}, 5);
  const double std = 0.4;
  const Tensor x = mean + shift + std * z;
  const auto log_normal = [&](const Tensor& centre) {
    return -((x - centre) / std).square().flatten(1).sum(1) / 2;
  };
  EXPECT_LT(largest(log_kernel_ratio(shift, z, std) - (log_normal(mean) - log_normal(mean + shift))), 1e-12);
}

// The Gaussian world pushed by `strength` times the gradient of the objective at the denoised sample: wrong
// by its strength and because it takes the denoised sample for the finished one.
Proposal pushed(const Noise& noise, const GaussianWorld& world, double c, double kap, double strength) {
  const Step own = make_step(solver_named("euler_ancestral"), noise);
  const Step guided = [=](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const double slope = world.s * world.s / (world.s * world.s + sigma * sigma);
    const Tensor x0 = D(x, at::full({x.size(0)}, sigma, x.options()));
    return own(D, x, sigma, next) + strength * (sigma * sigma - next * next) * slope * (c - x0) / (kap * kap);
  };
  return guided_proposal(solver_named("euler_ancestral"), noise, guided);
}

TEST(Proposal, WeightsBringAnImperfectGradientToTheExactPosterior) {
  const GaussianWorld world;
  const double c = 1.5, kap = 0.5;
  const Tensor levels = with_zero(karras_levels(16, 0.05, 10));
  const Law base = ancestral_law(world, levels), exact = base.tilted(c, kap);
  const Formula objective = near(c, kap);
  constexpr int64_t kSamples = 1500;
  struct Sampled {
    Law law;
    double z, z_error;  // the evidence and its standard error
  };
  const auto sample = [&](const PopulationOptions& options, double strength) -> Sampled {
    Population population(objective, options, sample_seeds(90, kSamples));
    const Tensor seeds = population.row_seeds();
    const Proposal proposal = pushed(seeded_noise(seeds, {1}), world, c, kap, strength);
    const bool weighed = options.method == "feynman_kac";
    if (weighed) population.set_correction(proposal.log_ratio);
    const Solution all =
        solve(world.denoiser(), starting_noise(seeds, {1}, 10), levels, population.wrap(proposal.step));
    const Tensor x = all.x.index_select(0, population.winners());
    const Tensor z = weighed ? population.log_evidence().exp() : at::zeros({2});
    return {{x.mean().item<double>(), x.var().item<double>()},
            z.mean().item<double>(),
            z.std().item<double>() / std::sqrt(static_cast<double>(kSamples))};
  };
  const double deviation = std::sqrt(exact.variance);
  // Half the gradient overshoots, against it all goes astray; particles put both right.
  EXPECT_GT(sample(method("none", 1), 0.5).law.mean, exact.mean + 0.2 * deviation);
  EXPECT_LT(sample(method("none", 1), -0.1).law.mean, exact.mean - 2 * deviation);
  std::vector<double> z_errors;
  for (const double strength : {0.0, 0.5, -0.1}) {
    const Sampled weighed = sample(method("feynman_kac", 64), strength);
    EXPECT_NEAR(weighed.law.mean, exact.mean, 0.12 * deviation) << strength;
    EXPECT_NEAR(weighed.law.variance / exact.variance, 1, 0.15) << strength;
    EXPECT_NEAR(weighed.z, base.evidence(c, kap), 4 * weighed.z_error) << strength;
    z_errors.push_back(weighed.z_error);
  }
  EXPECT_LT(z_errors[0], 0.002);
  EXPECT_LT(z_errors[1], z_errors[0] / 3);
}

TEST(Proposal, ASolverWithoutAKnownKernelIsRefused) {
  const Noise noise = seeded_noise(sample_seeds(0, 2), {1});
  const Step any = make_step(solver_named("euler"), noise);
  for (const std::string name : {"heun", "predictor_corrector", "dpmpp_2m_sde", "euler", "ddim"})
    EXPECT_THROW(guided_proposal(solver_named(name), noise, any), Error) << name;
  guided_proposal(solver_named("ddpm"), noise, any);
}

}  // namespace
}  // namespace steer

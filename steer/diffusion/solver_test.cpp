#include "steer/diffusion/solver.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

SolverOptions named(const std::string& name, double eta = -1) {
  SolverOptions options;
  options.name = name, options.eta = eta;
  return options;
}

// Every solver as it is used: all names, and the ways of those that have several.
std::vector<SolverOptions> all_solvers() {
  std::vector<SolverOptions> all;
  for (const std::string& name : solver_names()) all.push_back(named(name));
  all.push_back(named("ddim", 1));
  all.push_back(named("dpmpp_2m_sde", 0));
  all.push_back(named("dpmpp_3m_sde", 0));
  all.push_back(named("ddpm"));
  all.back().variance = "large";
  all.push_back(named("heun"));
  all.back().churn = 10;
  return all;
}

std::string label(const SolverOptions& o) {
  return joined(o.name, " eta ", o.eta, " churn ", o.churn, " time ", o.time, " order ", o.order,
                " variance ", o.variance);
}

// x [B, d] at sigma_max taken through a world.
Solution run(const SolverOptions& options, const Denoiser& D, const Tensor& x, const Tensor& levels) {
  return solve(D, x, levels, options, sample_seeds(500, x.size(0)));
}

// The error at sigma .002 of the probability flow of N(.3, .7^2) from x = 50 on a Karras grid of n points.
double flow_error(const SolverOptions& options, int64_t n) {
  const GaussianWorld world;
  const Tensor x = at::full({1, 1}, 50.0, torch::kFloat64);
  const Solution found = run(options, world.denoiser(), x, karras_levels(n, 0.002, 80));
  return (found.x - world.flow(x, 80, 0.002)).abs().item<double>();
}

TEST(Solver, ErrorsOnTheGaussianFlowAreTheGoldenOnes) {
  // Golden: mu .3, s .7, x_max 50, sigma 80 to .002, rho 7.
  const std::vector<int64_t> points = {21, 41, 81, 161};
  const std::vector<double> euler = {5.507e-2, 2.847e-2, 1.448e-2, 7.299e-3};
  const std::vector<double> heun = {1.5405e-2, 3.659e-3, 8.915e-4, 2.2006e-4};
  const std::vector<double> dpmpp_2m = {1.7357e-2, 3.878e-3, 9.167e-4, 2.2306e-4};
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_NEAR(flow_error(named("euler"), points[i]) / euler[i], 1, 5e-4);
    EXPECT_NEAR(flow_error(named("heun"), points[i]) / heun[i], 1, 5e-4);
    EXPECT_NEAR(flow_error(named("dpmpp_2m"), points[i]) / dpmpp_2m[i], 1, 5e-4);
  }
}

TEST(Solver, EverySolverHasItsOrder) {
  const auto order = [](const SolverOptions& options, int64_t n) {
    return std::log2(flow_error(options, n + 1) / flow_error(options, 2 * n + 1));
  };
  EXPECT_NEAR(order(named("euler"), 80), 0.99, 0.01);
  EXPECT_NEAR(order(named("ddim"), 80), 0.99, 0.01);
  EXPECT_NEAR(order(named("heun"), 80), 2.02, 0.01);
  EXPECT_NEAR(order(named("dpmpp_2s"), 80), 2, 0.1);
  EXPECT_NEAR(order(named("dpmpp_2m"), 80), 2.04, 0.01);
  EXPECT_NEAR(order(named("dpmpp_2m_sde", 0), 80), 2, 0.1);
  EXPECT_NEAR(order(named("dpmpp_3m"), 160), 3.02, 0.01);
  EXPECT_NEAR(order(named("dpmpp_3m_sde", 0), 160), 2, 0.1);
  // Golden: LMS of order 4, from about 3.1 to 3.8 as the grid doubles from 20 to 160 steps.
  EXPECT_NEAR(order(named("lms"), 20), 3.08, 0.03);
  EXPECT_NEAR(order(named("lms"), 80), 3.78, 0.015);
  for (double alpha : {0.4, 0.5, 0.7, 1.0}) {
    SolverOptions options = named("second_order");
    options.alpha = alpha;
    EXPECT_GT(order(options, 160), 1.95) << alpha;
  }
  for (int64_t k = 1; k <= 3; ++k) {
    SolverOptions options = named("lms");
    options.order = k;
    EXPECT_NEAR(order(options, 160), static_cast<double>(k), 0.25) << k;
  }
}

// Every deterministic solver of fixed levels, with its golden median distances to the exact flow of a
// mixture.
struct Golden {
  SolverOptions options;
  bool twice;  // evaluates at both ends of a step: half as many steps
  double after_20, after_40;
};

std::vector<Golden> golden_on_eight_gaussians() {
  const auto with = [](const std::string& name, const std::string& time, int64_t order) {
    SolverOptions options = named(name);
    options.time = time, options.order = order;
    return options;
  };
  return {{with("euler", "", 4), false, 0.0319528, 0.0148121},
          {with("ddim", "", 4), false, 0.0319528, 0.0148121},
          {with("heun", "", 4), true, 0.0890869, 0.0118521},
          {with("heun", "flow", 4), true, 0.0299305, 0.00394602},
          {with("second_order", "", 4), true, 0.0104887, 0.0013302},
          {with("second_order", "flow", 4), true, 0.0142432, 0.00181405},
          {with("dpmpp_2s", "", 4), true, 0.0121762, 0.00328922},
          {with("dpmpp_2m", "", 4), false, 0.0201731, 0.00317295},
          {with("dpmpp_3m", "", 4), false, 0.0320362, 0.00200793},
          {with("lms", "", 4), false, 0.00548401, 0.000751936},
          {with("lms", "flow", 3), false, 0.00475318, 0.000737863},
          {with("adams", "", 2), false, 0.0033926, 0.000707568},
          {with("adams", "", 3), false, 0.00395988, 0.000490605},
          {with("adams", "sigma", 3), false, 0.00339043, 0.000433653},
          {with("deis", "", 2), false, 0.00163423, 0.000484515},
          {with("deis", "", 3), false, 0.000596072, 0.000277986},
          {with("unipc", "", 2), false, 0.00631099, 0.000657333},
          {with("unipc", "", 3), false, 0.0270835, 0.000548255}};
}

TEST(Solver, DistancesOnAMixtureAreTheGoldenOnes) {
  const Denoiser D = exact_denoiser(make_world("eight_gaussians"));
  const Tensor seeds = sample_seeds(0, 100), start = starting_noise(seeds, {2}, 80);
  SolverOptions fine = named("dopri5");
  fine.rtol = fine.atol = 1e-9;
  const Tensor truth = solve(D, start, doubles({80, 0.002, 0}), fine, seeds).x;
  for (const Golden& golden : golden_on_eight_gaussians()) {
    const auto distance = [&](int64_t evaluations) {
      const Tensor levels = with_zero(karras_levels(golden.twice ? evaluations / 2 : evaluations, 0.002, 80));
      const Tensor x = solve(D, start, levels, golden.options, seeds).x;
      return (x - truth).square().mean(1).sqrt().median().item<double>();
    };
    const double first = distance(20), second = distance(40);
    EXPECT_NEAR(first / golden.after_20, 1, 1e-3) << label(golden.options) << ' ' << first;
    EXPECT_NEAR(second / golden.after_40, 1, 1e-3) << label(golden.options) << ' ' << second;
  }
}

TEST(Solver, SecondOrderWithAlphaOneIsHeun) {
  SolverOptions options = named("second_order");
  options.alpha = 1;
  const Denoiser D = exact_denoiser(make_world("two_moons"));
  const Tensor x = starting_noise(sample_seeds(3, 4), {2}, 80),
               levels = with_zero(karras_levels(12, 0.002, 80));
  EXPECT_LT(largest(run(options, D, x, levels).x - run(named("heun"), D, x, levels).x), 1e-12);
}

TEST(Solver, ChurnRaisesALevelByNoMoreThanTheRootOfTwo) {
  const Tensor levels = karras_levels(9, 0.002, 80), x = 80 * normals(3, {4, 1}, 1);
  const auto churned = [&](double churn) {
    SolverOptions options = named("heun");
    options.churn = churn;
    return run(options, GaussianWorld().denoiser(), x, levels).x;
  };
  const double most = (std::sqrt(2.0) - 1) * 8;  // Karras et al. 2022, algorithm 2, of eight steps
  EXPECT_TRUE(at::equal(churned(100), churned(most * (1 + 1e-12))));
  EXPECT_FALSE(at::allclose(churned(100), churned(0.9 * most)));
}

TEST(Solver, DdimIsEulerInSigmaAndDpmSolverOfOrderOne) {
  const Denoiser D = exact_denoiser(make_world("two_moons"));
  const Tensor x = starting_noise(sample_seeds(3, 4), {2}, 80),
               levels = with_zero(karras_levels(12, 0.002, 80));
  const Tensor euler = run(named("euler"), D, x, levels).x;
  EXPECT_LT(largest(run(named("ddim"), D, x, levels).x - euler), 1e-9);
  EXPECT_LT(largest(run(named("euler_ancestral", 0), D, x, levels).x - euler), 1e-9);
  // The first step of the multistep solver, and every step without memory, is of order one.
  const Tensor pair = doubles({80, 20});
  EXPECT_LT(largest(run(named("dpmpp_2m"), D, x, pair).x / run(named("euler"), D, x, pair).x - 1), 1e-9);
}

TEST(Solver, DdimEtaOneIsDdpmWithSmallVarianceIsAncestralInSigma) {
  const Denoiser D = exact_denoiser(make_world("two_moons"));
  const Tensor x = starting_noise(sample_seeds(3, 4), {2}, 80),
               levels = with_zero(karras_levels(12, 0.002, 80));
  const Tensor ddpm = run(named("ddpm"), D, x, levels).x;
  EXPECT_LT(largest(run(named("ddim", 1), D, x, levels).x / ddpm - 1), 1e-9);
  EXPECT_LT(largest(run(named("euler_ancestral", 1), D, x, levels).x / ddpm - 1), 1e-9);
  for (double eta : {0.2, 0.5}) {
    const Tensor ddim = run(named("ddim", eta), D, x, levels).x;
    EXPECT_LT(largest(run(named("euler_ancestral", eta), D, x, levels).x / ddim - 1), 1e-9);
  }
}

TEST(Solver, SdeSolversWithoutNoiseSolveTheFlow) {
  for (const std::string name : {"dpmpp_2m_sde", "dpmpp_3m_sde"})
    EXPECT_LT(flow_error(named(name, 0), 161), 1e-3);
}

TEST(Solver, ASampleIsTheSameAloneAndAnywhereInABatchForEverySolver) {
  const Denoiser D = exact_denoiser(make_world("eight_gaussians"));
  const Tensor levels = with_zero(karras_levels(8, 0.01, 20));
  for (const SolverOptions& options : all_solvers()) {
    const Tensor seeds = at::tensor(std::vector<int64_t>{11, 7, 30, 2, 19}, torch::kInt64);
    const Solution all = solve(D, starting_noise(seeds, {2}, 20), levels, options, seeds);
    for (int64_t i : {3, 0}) {
      const Tensor own = seeds.slice(0, i, i + 1);
      const Solution alone = solve(D, starting_noise(own, {2}, 20), levels, options, own);
      EXPECT_LT(largest(alone.x[0] - all.x[i]), 1e-12) << label(options);
      EXPECT_EQ(alone.evaluations, all.evaluations_each[i].item<int64_t>()) << label(options);
    }
  }
}

TEST(Solver, EvaluationsReportedAreEvaluationsMade) {
  const GaussianWorld world;
  const Tensor x = normals(1, {3}, 1) * 80, levels = with_zero(karras_levels(10, 0.002, 80));
  for (const SolverOptions& options : all_solvers()) {
    const auto calls = std::make_shared<int64_t>(0);
    const Solution found = run(options, counted(world.denoiser(), calls), x, levels);
    EXPECT_EQ(found.evaluations, *calls) << label(options);
    EXPECT_EQ(found.evaluations_each[0].item<int64_t>(), *calls) << label(options);
  }
  EXPECT_EQ(run(named("heun"), world.denoiser(), x, levels).evaluations, 19);
  EXPECT_EQ(run(named("euler"), world.denoiser(), x, levels).evaluations, 10);
  EXPECT_EQ(run(named("predictor_corrector"), world.denoiser(), x, levels).evaluations, 19);
}

TEST(Solver, GridsOfOneTwoAndThreeStepsEndInFiniteSamplesForEverySolver) {
  const Denoiser D = exact_denoiser(make_world("eight_gaussians"));
  const Tensor x = starting_noise(sample_seeds(1, 6), {2}, 80);
  for (const SolverOptions& options : all_solvers())
    for (int64_t steps : {1, 2, 3}) {
      const Solution found = run(options, D, x, with_zero(karras_levels(steps, 0.002, 80)));
      EXPECT_TRUE(at::isfinite(found.x).all().item<bool>()) << label(options) << ", " << steps;
      EXPECT_EQ(found.sigma, 0);
      if (steps == 1 && options.churn == 0) {
        EXPECT_LT(largest(found.x - D(x, at::full({6}, 80.0, torch::kFloat64))), 1e-9) << label(options);
      }
    }
}

TEST(Solver, DeterministicSolversReachTheExactFlowOfAGaussian) {
  const GaussianWorld world;
  const Tensor x = normals(2, {3}, 4) * 80, truth = world.flow(x, 80, 0);
  for (const SolverOptions& options : all_solvers()) {
    if (!is_deterministic(options)) continue;
    const Tensor found = run(options, world.denoiser(), x, with_zero(karras_levels(200, 0.002, 80))).x;
    const bool first_order = options.name == "euler" || options.name == "ddim";
    EXPECT_LT(largest(found - truth), first_order ? 2e-2 : 1e-3) << label(options);
  }
}

TEST(Solver, EverySolverSamplesAGaussianWithItsMeanAndVariance) {
  const GaussianWorld world;
  const Tensor seeds = sample_seeds(9, 300), levels = with_zero(karras_levels(100, 0.002, 80));
  for (const SolverOptions& options : all_solvers()) {
    const Tensor x = solve(world.denoiser(), starting_noise(seeds, {16}, 80), levels, options, seeds).x;
    EXPECT_NEAR(x.mean().item<double>(), 0.3, 0.04) << label(options);
    EXPECT_NEAR(x.std().item<double>(), 0.7, 0.035) << label(options);
  }
}

TEST(Solver, EverySolverSharesAMixtureAsItIs) {
  // Three quarters near -1, one quarter near 1; widths .1 and .3.
  const Mixture mixture{doubles({0.75, 0.25}), doubles({-1, 1}).view({2, 1}), doubles({0.1, 0.3})};
  const Denoiser D = exact_denoiser(mixture);
  const Tensor seeds = sample_seeds(77, 1000), levels = with_zero(karras_levels(40, 0.01, 20));
  for (const SolverOptions& options : all_solvers()) {
    // Langevin steps by the norms of one number are no sampler.
    if (options.name == "predictor_corrector") continue;
    const Tensor x = solve(D, starting_noise(seeds, {1}, 20), levels, options, seeds).x;
    const Tensor left = x.masked_select(x < 0), right = x.masked_select(x >= 0);
    EXPECT_NEAR(static_cast<double>(left.numel()) / 1000, 0.75, 0.05) << label(options);
    EXPECT_NEAR(left.mean().item<double>(), -1, 0.02) << label(options);
    EXPECT_NEAR(left.std().item<double>(), 0.1, 0.03) << label(options);
    EXPECT_NEAR(right.mean().item<double>(), 1, 0.07) << label(options);
    EXPECT_NEAR(right.std().item<double>(), 0.3, 0.06) << label(options);
  }
}

TEST(Solver, ObserversSeeEveryStepAndMayStop) {
  const GaussianWorld world;
  const Tensor x = normals(2, {3}, 4) * 80, levels = with_zero(karras_levels(5, 0.002, 80));
  std::vector<double> seen;
  const SolverObserver watch = [&](const SolverStep& step) {
    seen.push_back(step.sigma_next);
    EXPECT_EQ(step.steps, 5);
    EXPECT_EQ(step.x.sizes(), x.sizes());
    EXPECT_EQ(step.x0.sizes(), x.sizes());
    return step.index < 2;
  };
  const Solution found = solve(world.denoiser(), x, levels, named("heun"), sample_seeds(1, 4), watch);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(found.sigma, levels[3].item<double>());
  EXPECT_EQ(found.evaluations, 6);
}

TEST(Solver, ClippingKeepsEveryAnswerInRange) {
  SolverOptions options = named("ddpm");
  options.clip_x0 = true;
  const Denoiser wild = [](const Tensor& x, const Tensor&) { return 5 * x; };
  const Tensor x = normals(2, {3}, 4) * 80;
  EXPECT_LE(largest(run(options, wild, x, with_zero(karras_levels(5, 0.002, 80))).x), 1);
}

TEST(Solver, AnswersAreClippedToTheRange) {
  const Denoiser wild = [](const Tensor& x, const Tensor&) { return 5 * x; };
  const Tensor x = normals(2, {3}, 4) * 80, levels = with_zero(karras_levels(5, 0.002, 80));
  for (const double range : {0.5, 2.0}) {
    SolverOptions options = named("ddim");
    options.clip_x0 = true, options.clip_range = range;
    EXPECT_NEAR(largest(run(options, wild, x, levels).x), range, 1e-12);
    options.keep_eps = true;
    EXPECT_NEAR(largest(run(options, wild, x, levels).x), range, 1e-12);
  }
}

TEST(Solver, DdimTakesTheNoiseOfTheClippedAnswerOrTheNetworks) {
  const Denoiser wild = [](const Tensor& x, const Tensor&) { return 2 * x; };
  const Tensor x = torch::ones({1, 1}, torch::kFloat64), levels = doubles({2, 1});
  SolverOptions options = named("ddim");
  options.clip_x0 = true, options.clip_range = 0.5;
  // x0 = 2 becomes 0.5; the noise (1 - x0) / 2 is 0.25 of the clipped answer, -0.5 of the network's.
  EXPECT_NEAR(run(options, wild, x, levels).x.item<double>(), 0.5 + 0.25, 1e-12);
  options.keep_eps = true;
  EXPECT_NEAR(run(options, wild, x, levels).x.item<double>(), 0.5 - 0.5, 1e-12);
  options.clip_x0 = false;
  EXPECT_NEAR(run(options, wild, x, levels).x.item<double>(), 2 - 0.5, 1e-12);
}

TEST(Solver, NoGradientsAreKept) {
  Tensor weight = torch::ones({1}, torch::requires_grad());
  const Denoiser D = [&](const Tensor& x, const Tensor&) { return x * weight; };
  EXPECT_FALSE(run(named("heun"), D, normals(1, {2}, 3), doubles({2, 1, 0})).x.requires_grad());
}

TEST(Solver, WrongOptionsAndGridsAreRefused) {
  const GaussianWorld world;
  const Tensor x = normals(1, {2}, 3), levels = doubles({2, 1, 0});
  const auto refused = [&](SolverOptions options) {
    EXPECT_THROW(run(options, world.denoiser(), x, levels), Error);
  };
  refused(named("hoin"));
  refused(named("ddim", 1.5));
  refused(named("ddim", -0.5));
  SolverOptions options = named("ddim");
  options.clip_range = -1;
  refused(options);
  options = named("lms");
  options.order = 5;
  refused(options);
  options = named("ddpm");
  options.variance = "medium";
  refused(options);
  EXPECT_THROW(run(named("euler"), world.denoiser(), x, doubles({1, 2, 0})), Error);
  EXPECT_THROW(run(named("euler"), world.denoiser(), x, doubles({1, 1, 0})), Error);
  EXPECT_THROW(run(named("euler"), world.denoiser(), x, doubles({1})), Error);
  EXPECT_THROW(solve(world.denoiser(), x, levels, named("euler"), sample_seeds(1, 2)), Error);
}

TEST(Solver, ADenoiserThatFailsIsAnErrorAndNoSample) {
  const Denoiser broken = [](const Tensor& x, const Tensor& sigma) {
    return x / over((sigma > 1).to(torch::kFloat64), x);
  };
  for (const SolverOptions& options : all_solvers())
    EXPECT_THROW(run(options, broken, at::ones({2, 3}, torch::kFloat64), doubles({4, 2, 1, 0.5, 0})), Error)
        << label(options);
}

TEST(Solver, AFloat32NetworkIsSolvedInFloat64) {
  const GaussianWorld world;
  const Process process = make_process({});
  const NoisePredictor network = [&](const Tensor& input, const Tensor& label) {
    EXPECT_EQ(input.scalar_type(), torch::kFloat32);
    const Preconditioning c = preconditioning(Prediction::kEdm, process, (4 * label).exp());
    const Tensor x = input / over(c.in, input);
    return (world.denoiser()(x, (4 * label).exp()) - over(c.skip, x) * x) / over(c.out, x);
  };
  const Tensor x = 80 * normals(1, {3}, 4), levels = with_zero(karras_levels(40, 0.002, 80));
  const Solution found = run(named("heun"), preconditioned(network, Prediction::kEdm, process), x, levels);
  EXPECT_EQ(found.x.scalar_type(), torch::kFloat64);
  EXPECT_LT(largest(found.x - run(named("heun"), world.denoiser(), x, levels).x), 1e-3);
}

TEST(Noise, DrawsAreTheSeedsAloneAndUnrelated) {
  const Tensor seeds = sample_seeds(5, 3);
  const Noise noise = seeded_noise(seeds, {4, 2});
  EXPECT_TRUE(torch::equal(noise(1)[2], seeded_noise(seeds.slice(0, 2), {4, 2})(1)[0]));
  EXPECT_FALSE(torch::equal(noise(0), noise(1)));
  EXPECT_FALSE(torch::equal(noise(0), starting_noise(seeds, {4, 2}, 1)));
  EXPECT_LT(largest(starting_noise(seeds, {4, 2}, 80) - 80 * starting_noise(seeds, {4, 2}, 1)), 1e-12);
}

}  // namespace
}  // namespace steer

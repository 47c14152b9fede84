#include "steer/guidance/population.h"

#include <gtest/gtest.h>

#include <limits>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/guidance/population_worlds.h"
#include "steer/image/image_space.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

Tensor grid(int64_t steps, double sigma_max = 10) {
  return with_zero(karras_levels(steps, 0.02, sigma_max));
}

// The methods as they are used: all words, and the ways of those that have several.
std::vector<PopulationOptions> all_methods(int64_t count) {
  std::vector<PopulationOptions> all = {method("best_of", count),     method("svdd", count),
                                        method("svdd", count),        method("feynman_kac", count),
                                        method("feynman_kac", count), method("feynman_kac", count),
                                        method("tree", count),        method("tree", count)};
  all[2].temperature = 0;
  all[4].potential = "max", all[5].potential = "sum";
  all[6].paths = all[7].paths = count % 2 == 0 ? 2 : 1;
  all[7].branch = "destination";
  return all;
}

TEST(Population, TheEvidenceIsUnbiasedUnderEveryPotential) {
  // Golden: N(.3, .7^2), c 1.1, kap .4: .303247.
  const GaussianWorld world;
  EXPECT_NEAR((Law{0.3, 0.49}.evidence(1.1, 0.4)), 0.303247, 1e-6);
  const Tensor levels = grid(60);
  EXPECT_NEAR(ancestral_law(world, levels).evidence(1.1, 0.4), 0.303247, 0.01);
  const Formula objective = near(1.1, 0.4);
  constexpr int64_t kRuns = 800;
  for (const std::string potential : {"difference", "max", "sum"}) {
    PopulationOptions options = method("feynman_kac", 16);
    options.potential = potential;
    if (potential != "difference") options.every = 20;
    Population population(objective, options, sample_seeds(70, kRuns));
    population_run(population, world.denoiser(), {1}, levels);
    const Tensor z = population.log_evidence().exp();
    const double error = z.std().item<double>() / std::sqrt(static_cast<double>(kRuns));
    EXPECT_LT(error, 0.015) << potential;
    EXPECT_NEAR(z.mean().item<double>(), ancestral_law(world, levels).evidence(1.1, 0.4), 4 * error)
        << potential;
  }
}

TEST(Population, BestOfManyHasTheExpectedMaximum) {
  // Golden: the expected largest of 2, 4, 8 and 16 standard normal numbers.
  const std::vector<std::pair<int64_t, double>> golden = {
      {1, 0}, {2, 0.56419}, {4, 1.02938}, {8, 1.42360}, {16, 1.76599}};
  const Formula itself([](const Tensor& x) { return x.flatten(1).sum(1); });
  const GaussianWorld world{0, 1};
  constexpr int64_t kSamples = 4000;
  for (const auto& [count, largest_of] : golden) {
    Population population(itself, method("best_of", count), sample_seeds(71, kSamples));
    const Tensor x = population_run(population, world.denoiser(), {1}, grid(40, 40), solver_named("heun")).x;
    EXPECT_NEAR(x.mean().item<double>(), largest_of, 4 / std::sqrt(static_cast<double>(kSamples)));
  }
}

// One step from state 0 of a chain on {0, 1, 2}, p = .5, .3, .2, and values -1, 0, 1: the share of each pick.
Tensor chain_shares(int64_t candidates, double temperature, int64_t samples) {
  PopulationOptions options = method("svdd", candidates);
  options.temperature = temperature;
  const Formula value([](const Tensor& x) { return x.select(1, 0) - 1; });
  Population population(value, options, sample_seeds(72, samples));
  const Tensor seeds = population.row_seeds();
  const Step chain = [&](const Denoiser&, const Tensor&, double, double) {
    const Tensor u = uniform_rows(seeds, 7, {1});
    return ((u > 0.5).to(torch::kFloat64) + (u > 0.8)).to(torch::kFloat64);
  };
  const Denoiser same = [](const Tensor& x, const Tensor&) { return x; };
  const Tensor end =
      solve(same, at::zeros({population.rows(), 1}), doubles({1, 0}), population.wrap(chain)).x;
  const Tensor state = end.index_select(0, population.winners()).select(1, 0).to(torch::kInt64);
  return at::bincount(state, {}, 3).to(torch::kFloat64) / static_cast<double>(samples);
}

TEST(Population, OneStepOfValueDecodingTendsToTheTiltedKernel) {
  const double alpha = 0.7;
  const Tensor p = doubles({0.5, 0.3, 0.2}), gain = (doubles({-1, 0, 1}) / alpha).exp();
  // Two candidates, by enumeration: both share the choice in proportion to exp(v / alpha).
  const Tensor pair = p.unsqueeze(1) * p.unsqueeze(0);
  const Tensor first = gain.unsqueeze(1) / (gain.unsqueeze(1) + gain.unsqueeze(0));
  EXPECT_LT(largest(chain_shares(2, alpha, 40000) - 2 * (pair * first).sum(1)), 0.01);
  const Tensor tilted = p * gain / (p * gain).sum();
  EXPECT_LT(largest(chain_shares(200, alpha, 10000) - tilted), 0.02);
  EXPECT_GT(largest(chain_shares(2, alpha, 10000) - tilted), 0.05);
  EXPECT_LT(largest(chain_shares(40, 0, 1000) - doubles({0, 0, 1})), 1e-2);
}

TEST(Population, InUnitsOfTheirSpreadScoresOfAnyUnitChooseAlike) {
  const GaussianWorld world;
  const Tensor levels = grid(12);
  for (const char* name : {"svdd", "feynman_kac"}) {
    PopulationOptions options = method(name, 8);
    options.spread = true, options.temperature = 0.25;
    std::vector<Tensor> made;
    for (const double unit : {1e-3, 1.0, 1e3}) {
      const Formula objective([unit](const Tensor& x) { return unit * x.select(1, 0); });
      Population population(objective, options, sample_seeds(74, 500));
      made.push_back(population_run(population, world.denoiser(), {1}, levels).x);
    }
    EXPECT_TRUE(torch::allclose(made[0], made[1], 1e-6, 1e-6)) << name;
    EXPECT_TRUE(torch::allclose(made[2], made[1], 1e-6, 1e-6)) << name;
    const Law base = ancestral_law(world, levels);
    EXPECT_GT(made[1].mean().item<double>(), base.mean + 0.8 * std::sqrt(base.variance))
        << name << " selects";
    // In nats the smallest of them chooses nothing.
    options.spread = false;
    const Formula faint([](const Tensor& x) { return 1e-3 * x.select(1, 0); });
    Population population(faint, options, sample_seeds(74, 500));
    EXPECT_LT(population_run(population, world.denoiser(), {1}, levels).x.mean().item<double>(),
              base.mean + 0.3 * std::sqrt(base.variance));
  }
}

TEST(Population, ParticlesApproachTheGaussianPosterior) {
  // exp(5 x) moves N(m, v) to N(m + 5 v, v), by three standard deviations.
  const GaussianWorld world;
  const Tensor levels = grid(12);
  const Law base = ancestral_law(world, levels);
  const Formula objective([](const Tensor& x) { return 5 * x.select(1, 0); });
  std::vector<double> errors;
  for (const int64_t count : {4, 64, 512}) {
    Population population(objective, method("feynman_kac", count), sample_seeds(73, 40000 / count + 900));
    const Tensor x = population_run(population, world.denoiser(), {1}, levels).x;
    errors.push_back(std::abs(x.mean().item<double>() - base.mean - 5 * base.variance));
    EXPECT_NEAR(x.var().item<double>() / base.variance, 1, count == 4 ? 0.5 : 0.2) << count;
  }
  EXPECT_LT(errors[1], errors[0] / 3);
  EXPECT_LT(errors[2], errors[1]);
  EXPECT_LT(errors[2], 0.08);
}

TEST(Population, ParticlesWeighTheModesOfAMixture) {
  // exp(.8 x) on 1/2 N(-1, .2^2) + 1/2 N(1, .2^2): the modes weigh as exp(-.8) and exp(.8).
  const Mixture mixture = kernel_mixture(doubles({-1, 1}).unsqueeze(1), 0.2);
  const Formula objective([](const Tensor& x) { return 0.8 * x.select(1, 0); });
  const double share = 1 / (1 + std::exp(-1.6));
  for (const std::string potential : {"difference", "max", "sum"}) {
    PopulationOptions options = method("feynman_kac", 32);
    options.potential = potential;
    if (potential != "difference") options.every = 5;
    Population population(objective, options, sample_seeds(74, 1500));
    const Tensor x = population_run(population, exact_denoiser(mixture), {1}, grid(15)).x;
    EXPECT_NEAR((x > 0).to(torch::kFloat64).mean().item<double>(), share, 0.04) << potential;
    EXPECT_LT(((x.abs() - 1).abs() > 0.8).sum().item<int64_t>(), 8) << potential;
  }
}

TEST(Population, EveryMethodRaisesTheScore) {
  const GaussianWorld world;
  const Formula objective = near(2, 0.5);
  const auto mean = [&](const PopulationOptions& options) {
    Population population(objective, options, sample_seeds(75, 400));
    return objective.score(population_run(population, world.denoiser(), {2}, grid(12)).x)
        .mean()
        .item<double>();
  };
  const double unguided = mean(method("none", 8));
  for (const PopulationOptions& options : all_methods(8))
    EXPECT_GT(mean(options), unguided / 2) << options.method << " " << options.potential;
}

TEST(Population, ObjectivesOnImagesFindTheirPicture) {
  // Twelve pictures, one of which is asked for by what an objective keeps of it.
  const Tensor pictures =
      at::cat({normals(20, {3 * 8 * 8}, 6),
               normals(21, {3, 4, 4}, 6).repeat_interleave(2, 2).repeat_interleave(2, 3).flatten(1)})
          .clamp(-1, 1);
  const Denoiser flat = exact_denoiser(kernel_mixture(pictures, 0.1));
  const Denoiser D = [&](const Tensor& x, const Tensor& sigma) {
    return flat(x.flatten(1), sigma).view_as(x);
  };
  ObjectiveContext context;
  context.space = image_space(3, 8, 8);
  context.truth = pictures.narrow(0, 9, 1).view({1, 3, 8, 8}).to(torch::kFloat32);
  for (const std::string words :
       {"inpaint(mask=left)", "super_resolve(factor=2)", "colourise()", "denoise()", "low_bit()", "edges()",
        "canny()", "rank(0.5*inpaint(mask=top) + edges())", "inpaint(mask=left) + 2*edges()"}) {
    const auto objective = make_objective(words, context);
    PopulationOptions options = method("svdd", 16);
    options.temperature = 0;
    Population population(*objective, options, sample_seeds(87, 8));
    const Tensor x = population_run(population, D, {3, 8, 8}, grid(12)).x.flatten(1);
    const Tensor nearest = at::cdist(x, pictures).argmin(1);
    EXPECT_GE((nearest == 9).sum().item<int64_t>(), 6) << words;
  }
}

TEST(Population, ATreeOfOnePathIsGreedyValueDecoding) {
  const GaussianWorld world;
  const Formula objective = near(1, 0.5);
  PopulationOptions greedy = method("svdd", 6);
  greedy.temperature = 0;
  Population svdd(objective, greedy, sample_seeds(76, 5)),
      tree(objective, method("tree", 6), sample_seeds(76, 5));
  const PopulationRun one = population_run(svdd, world.denoiser(), {3}, grid(8)),
                      other = population_run(tree, world.denoiser(), {3}, grid(8));
  EXPECT_TRUE(torch::equal(one.all.x, other.all.x));
  EXPECT_TRUE(torch::equal(one.x, other.x));
}

TEST(Population, ATreeOfDestinationsNeedsNoNoise) {
  const GaussianWorld world;
  const Formula objective = near(1.5, 0.4);
  PopulationOptions options = method("tree", 16);
  options.branch = "destination", options.paths = 2, options.data_std = world.s;
  const auto mean = [&](const std::string& solver) {
    Population population(objective, options, sample_seeds(86, 200));
    EXPECT_EQ(population.rows(), 400);
    return population_run(population, world.denoiser(), {1}, grid(12), solver_named(solver))
        .x.mean()
        .item<double>();
  };
  for (const std::string solver : {"euler", "ddim", "ddpm", "euler_ancestral"})
    EXPECT_NEAR(mean(solver), 1.5, 0.3);
  for (const std::string& solver : solver_names()) {
    const bool one = solver == "euler" || solver == "ddim" || solver == "ddpm" || solver == "euler_ancestral";
    if (one)
      check_population(options, solver_named(solver));
    else
      EXPECT_THROW(check_population(options, solver_named(solver)), Error) << solver;
  }
}

TEST(Population, OneRowReproducesTheUnguidedSample) {
  const GaussianWorld world;
  const Formula objective = near(1, 0.5);
  const Tensor seeds = sample_seeds(77, 4), levels = grid(9);
  const Tensor unguided = solve(world.denoiser(), starting_noise(seeds, {2}, levels[0].item<double>()),
                                levels, solver_named("euler_ancestral"), seeds)
                              .x;
  for (PopulationOptions options : all_methods(1)) {
    Population population(objective, options, seeds);
    EXPECT_TRUE(torch::equal(population_run(population, world.denoiser(), {2}, levels).x, unguided))
        << options.method;
  }
  Population none(objective, method("none", 4), seeds);
  EXPECT_TRUE(torch::equal(population_run(none, world.denoiser(), {2}, levels).x, unguided));
}

TEST(Population, ASampleIsAFunctionOfItsSeedAndTargetAlone) {
  const GaussianWorld world;
  const Tensor targets = doubles({-1, 0.5, 2});
  const auto towards = [](const Tensor& goals) {
    return [goals](const Tensor& x) {
      const Tensor goal = per_sample(goals, x.size(0), "test");
      return -(x.select(1, 0) - goal).square() * 3;
    };
  };
  const Formula all(towards(targets), 3), own(towards(targets.slice(0, 1, 2)), 1);
  std::vector<WeightedSum::Term> terms;
  terms.push_back({1, std::make_unique<Formula>([](const Tensor& x) { return x.select(1, 0); })});
  terms.push_back({2, std::make_unique<Formula>([](const Tensor& x) { return -x.select(1, 1) * 100; })});
  const RankSum ranks(std::move(terms));
  for (const PopulationOptions& options : all_methods(6)) {
    Population together(all, options, sample_seeds(78, 3)), alone(own, options, sample_seeds(79, 1));
    EXPECT_TRUE(torch::equal(population_run(together, world.denoiser(), {2}, grid(7)).x[1],
                             population_run(alone, world.denoiser(), {2}, grid(7)).x[0]))
        << options.method;
    Population ranked(ranks, options, sample_seeds(78, 3)), ranked_alone(ranks, options, sample_seeds(79, 1));
    EXPECT_TRUE(torch::equal(population_run(ranked, world.denoiser(), {2}, grid(7)).x[1],
                             population_run(ranked_alone, world.denoiser(), {2}, grid(7)).x[0]))
        << options.method;
  }
}

TEST(Population, WeighingCostsNoEvaluationMore) {
  const GaussianWorld world;
  const Formula objective = near(1, 0.5);
  for (PopulationOptions options : all_methods(4)) {
    for (const int64_t every : {1, 3}) {
      options.every = every;
      Population population(objective, options, sample_seeds(80, 2));
      const Denoiser counting = [&](const Tensor& x, const Tensor& sigma) {
        EXPECT_EQ(x.size(0), by_destination(options) ? 4 : 8);
        return world.denoiser()(x, sigma);
      };
      EXPECT_EQ(population_run(population, counting, {2}, grid(7)).all.evaluations, 7) << options.method;
    }
  }
}

TEST(Population, AnswersAreNotReusedWhereAGradientIsAsked) {
  const GaussianWorld world;
  const Formula objective = near(1, 0.5);
  Population population(objective, method("svdd", 3), sample_seeds(81, 2));
  const Step climbing = [](const Denoiser& D, const Tensor& x, double sigma, double next) {
    const torch::AutoGradMode on(true);
    const Tensor input = x.detach().requires_grad_(true);
    const Tensor x0 = D(input, at::full({x.size(0)}, sigma, x.options()));
    const Tensor slope = torch::autograd::grad({x0.sum()}, {input})[0];
    EXPECT_NEAR(slope.flatten()[0].item<double>(), 0.49 / (0.49 + sigma * sigma), 1e-12);
    return x0 + next / sigma * (input - x0);
  };
  const Tensor levels = grid(5), start = starting_noise(population.row_seeds(), {2}, 10);
  EXPECT_EQ(solve(world.denoiser(), start, levels, population.wrap(climbing)).evaluations, 5 + 4);
}

TEST(Population, OnlyLevelsOfTheWindowAreWeighed) {
  const GaussianWorld world;
  int64_t looks = 0;
  const Formula objective([&](const Tensor& x) {
    ++looks;
    return x.select(1, 0);
  });
  PopulationOptions options = method("svdd", 3);
  options.first_sigma = 5, options.last_sigma = 1;
  Population population(objective, options, sample_seeds(82, 1));
  population_run(population, world.denoiser(), {1}, doubles({10, 6, 4, 2, 0.5, 0}));
  EXPECT_EQ(looks, 2 + 1);  // after the steps to 4, 2 and 0
}

TEST(Population, ScoresThatAreNotFiniteLose) {
  const GaussianWorld world;
  for (const double odd :
       {-std::numeric_limits<double>::infinity(), std::nan(""), std::numeric_limits<double>::infinity()}) {
    const Formula half([odd](const Tensor& x) {
      const Tensor first = x.select(1, 0);
      return at::where(first > 0.4, first, at::full_like(first, odd));
    });
    const Formula none([odd](const Tensor& x) { return at::full({x.size(0)}, odd, x.options()); });
    for (const PopulationOptions& options : all_methods(12)) {
      Population population(half, options, sample_seeds(83, 50));
      EXPECT_TRUE((population_run(population, world.denoiser(), {2}, grid(6)).x.select(1, 0) > 0.4)
                      .all()
                      .item<bool>())
          << options.method << odd;
      Population blind(none, options, sample_seeds(83, 3));
      EXPECT_EQ(population_run(blind, world.denoiser(), {2}, grid(6)).x.size(0), 3) << options.method << odd;
      if (options.method == "feynman_kac") {
        EXPECT_TRUE(blind.log_evidence().isneginf().all().item<bool>());
      }
    }
  }
}

TEST(Population, RowsMadeElsewhereAreJudged) {
  const Formula objective([](const Tensor& x) { return x.select(1, 0); });
  Population population(objective, method("best_of", 3), sample_seeds(84, 2));
  population.judge(doubles({1, 3, 2, 9, 8, 7}).unsqueeze(1));
  EXPECT_TRUE(torch::equal(population.winners(), torch::tensor({1, 3}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(population.scores()[1], doubles({9, 8, 7})));
  EXPECT_TRUE(torch::equal(population.spread(doubles({5, 6})), doubles({5, 5, 5, 6, 6, 6})));
}

TEST(Population, ImpossibleOptionsAreRefused) {
  const auto with = [](const std::string& name, const std::string& assignment) {
    PopulationOptions options = method(name, 4);
    Json json = Json::object();
    apply_set(json, assignment);
    read_options(options, json, "test");
    return options;
  };
  for (const std::string assignment :
       {"method=best", "count=0", "paths=3", "paths=0", "temperature=-1", "potential=mean", "branch=leaf",
        "data_std=0", "every=0", "first_sigma=-1", "last_sigma=-1", "threshold=2"})
    EXPECT_THROW(check_population(with("tree", assignment)), Error) << assignment;
  EXPECT_THROW(check_population(with("feynman_kac", "temperature=0")), Error);
  check_population(with("svdd", "temperature=0"));

  SolverOptions churned = solver_named("heun"), fresh = solver_named("ddim"),
                stale = solver_named("euler_ancestral");
  churned.churn = 10, fresh.eta = 1, stale.eta = 0;
  for (const std::string name : {"svdd", "feynman_kac", "tree"}) {
    for (const std::string solver : {"heun", "ddim", "euler", "second_order", "dpmpp_2s", "dpmpp_2m",
                                     "dpmpp_3m", "dpmpp_2m_sde", "dpmpp_3m_sde", "lms", "dopri5"})
      EXPECT_THROW(check_population(method(name, 4), solver_named(solver)), Error) << solver;
    EXPECT_THROW(check_population(method(name, 4), stale), Error);
    for (const SolverOptions& solver :
         {churned, fresh, solver_named("ddpm"), solver_named("predictor_corrector")})
      check_population(method(name, 4), solver);
  }
  for (const std::string& solver : solver_names())
    check_population(method("best_of", 4), solver_named(solver));

  const Formula objective = near(0, 1), three([](const Tensor&x) { return x.select(1, 0); }, 3);
  EXPECT_THROW(Population(three, method("svdd", 2), sample_seeds(0, 4)), Error);
  Population population(objective, method("svdd", 2), sample_seeds(0, 4));
  EXPECT_THROW(population.winners(), Error);
  EXPECT_THROW(population.log_evidence(), Error);
  EXPECT_THROW(population.set_correction([] { return Tensor(); }), Error);
  EXPECT_THROW(population.spread(doubles({1, 2})), Error);
  const Step wrapped = population.wrap(make_step(solver_named("euler"), {}));
  EXPECT_THROW(wrapped(GaussianWorld().denoiser(), at::zeros({4, 1}, torch::kFloat64), 1, 0), Error);
}

}  // namespace
}  // namespace steer

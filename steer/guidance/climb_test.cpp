#include "steer/guidance/climb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/diffusion/levels.h"
#include "steer/guidance/presets.h"
#include "steer/guidance/test_guides.h"
#include "steer/image/image_space.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// A published update written down in its own coordinates, x_t = sqrt(abar) xbar, for comparison.
struct Plain {
  SmallNetwork network;
  const Objective& objective;
  Noise solver_noise, guide_noise;
  double eta = 1, strength = 0.3;
  int64_t recurrence = 1, iterations = 2, draws = 3;

  struct At {
    double sigma, next, abar, abar_next, alpha, beta, increase, sig;
  };

  // update(xt, eps, x0, at, draw) gives x_{t-1} without noise sig z, from tensors in the graph of xt.
  template <class Update>
  Tensor run(const Tensor& start, const Tensor& levels, const Update& update) {
    const int64_t steps = levels.size(0) - 1;
    double sum_alpha = 0;
    const auto level = [&](int64_t i) { return levels[i].item<double>(); };
    for (int64_t i = 0; i < steps; ++i)
      sum_alpha += (1 + level(i + 1) * level(i + 1)) / (1 + level(i) * level(i));
    Tensor x = start / std::sqrt(1 + level(0) * level(0));
    int64_t z = 0, again = 0;
    for (int64_t i = 0; i < steps; ++i) {
      At at{level(i), level(i + 1), 0, 0, 0, 0, 0, 0};
      at.abar = 1 / (1 + at.sigma * at.sigma), at.abar_next = 1 / (1 + at.next * at.next);
      at.alpha = at.abar / at.abar_next, at.beta = 1 - at.alpha;
      at.increase = at.alpha * static_cast<double>(steps) / sum_alpha;
      at.sig = eta * std::sqrt((1 - at.abar_next) / (1 - at.abar) * at.beta);
      for (int64_t r = 1; r <= recurrence; ++r) {
        const Tensor xt = x.detach().requires_grad_(true);
        const Tensor eps = network.eps(xt, at.sigma);
        const Tensor x0 = (xt - std::sqrt(1 - at.abar) * eps) / std::sqrt(at.abar);
        Tensor next = update(xt, eps, x0, at).detach();
        if (at.next > 0) next = next + at.sig * solver_noise(z++);
        x = next;
        if (r < recurrence)
          x = std::sqrt(at.alpha) * next + std::sqrt(at.beta) * guide_noise(2 * again++ + 1);
      }
    }
    return x;
  }
  static Tensor ddim(const Tensor& x0, const Tensor& eps, const At& at) {
    return std::sqrt(at.abar_next) * x0 + std::sqrt(1 - at.abar_next - at.sig * at.sig) * eps;
  }
  static Tensor gradient(const Tensor& value, const Tensor& x) {
    return torch::autograd::grad({value.sum()}, {x}, {}, true)[0];
  }
};

struct World {
  SmallNetwork network;
  CurvedObjective objective;
  Tensor seeds = sample_seeds(3, 4);
  Tensor levels = doubles({8, 3, 1.2, 0.5, 0.15, 0});
  Tensor start = starting_noise(seeds, {1, 2, 3}, 8);
  Noise solver_noise = seeded_noise(seeds, {1, 2, 3}), guide_noise = seeded_noise(seeds + 1000, {1, 2, 3});
  Plain plain() { return {network, objective, solver_noise, guide_noise}; }

  Tensor guided(const ClimbOptions& options, double eta = 1) {
    SolverOptions solver;
    solver.name = "ddim", solver.eta = eta;
    const Smoothed smoothed(objective, image_space(1, 2, 3));
    const Step step = climb(make_step(solver, solver_noise), smoothed, options, solver, levels, guide_noise);
    return solve(network.denoiser(), start, levels, step).x;
  }
};

constexpr double kExact = 1e-10;

TEST(Climb, IsDpsAsPublished) {
  World w;
  Plain plain = w.plain();
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
        const Tensor value = w.objective.score(x0);
        return Plain::ddim(x0, eps, at) +
               plain.strength * Plain::gradient(value, xt) / over(value.detach().abs(), xt);
      });
  EXPECT_LT(largest(w.guided(climb_preset("dps", plain.strength)) - expected), kExact);
}

TEST(Climb, IsLgdAsPublished) {
  World w;
  Plain plain = w.plain();
  int64_t draw = 0;
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
        std::vector<Tensor> values;
        for (int64_t k = 0; k < plain.draws; ++k)
          values.push_back(w.objective.score(x0 + std::sqrt(1 - at.abar) * w.guide_noise(2 * draw++)).exp());
        const Tensor value = at::stack(values).mean(0).log();
        return Plain::ddim(x0, eps, at) + plain.strength * Plain::gradient(value, xt);
      });
  ClimbOptions options = climb_preset("lgd", plain.strength);
  options.clip_x0 = false, options.draws = plain.draws;
  EXPECT_LT(largest(w.guided(options) - expected), kExact);
}

TEST(Climb, IsFreedomAsPublished) {
  World w;
  Plain plain = w.plain();
  plain.recurrence = 3;
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
        return Plain::ddim(x0, eps, at) +
               plain.strength * at.increase * Plain::gradient(w.objective.score(x0), xt);
      });
  ClimbOptions options = climb_preset("freedom", plain.strength);
  options.clip_x0 = false, options.recurrence = 3;
  EXPECT_LT(largest(w.guided(options) - expected), kExact);
}

TEST(Climb, IsMpgdAsPublished) {
  World w;
  Plain plain = w.plain();
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor&, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
        const Tensor y = x0.detach().requires_grad_(true);
        return Plain::ddim(x0 + plain.strength * Plain::gradient(w.objective.score(y), y), eps, at);
      });
  ClimbOptions options = climb_preset("mpgd", plain.strength);
  options.clip_x0 = false;
  EXPECT_LT(largest(w.guided(options) - expected), kExact);
}

TEST(Climb, IsUniversalGuidanceAsPublishedForwardAndBackward) {
  World w;
  for (const double eta : {1.0, 0.4}) {
    Plain plain = w.plain();
    plain.recurrence = 2, plain.eta = eta;
    const Tensor expected = plain.run(
        w.start, w.levels, [&](const Tensor& xt, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
          const Tensor forward = Plain::gradient(w.objective.score(x0), xt);
          Tensor y = x0.detach();
          for (int64_t i = 0; i < plain.iterations; ++i) {
            const Tensor leaf = y.detach().requires_grad_(true);
            y = leaf.detach() + plain.strength * Plain::gradient(w.objective.score(leaf), leaf);
          }
          const Tensor guided = eps - plain.strength * std::sqrt(1 - at.abar) * forward -
                                std::sqrt(at.abar / (1 - at.abar)) * (y - x0.detach());
          return Plain::ddim((xt - std::sqrt(1 - at.abar) * guided) / std::sqrt(at.abar), guided, at);
        });
    ClimbOptions options = climb_preset("ugd", plain.strength);
    options.iterations = plain.iterations, options.recurrence = 2;
    EXPECT_LT(largest(w.guided(options, eta) - expected), kExact) << eta;
  }
}

TEST(Climb, IsTfgAsPublishedWithEveryTermAndClipping) {
  World w;
  Plain plain = w.plain();
  plain.recurrence = 2;
  int64_t draw = 0;
  const double rho = 0.4, mu = 0.2, sigma = 0.3;
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor&, const Tensor& raw, const Plain::At& at) {
        const Tensor x0 = raw.clamp(-1, 1);
        std::vector<Tensor> deltas;
        for (int64_t k = 0; k < plain.draws; ++k)
          deltas.push_back(sigma * std::sqrt(1 - at.abar) * w.guide_noise(2 * draw++));
        const auto F = [&](const Tensor& x) {
          std::vector<Tensor> values;
          for (const Tensor& delta : deltas) values.push_back(w.objective.score(x + delta).exp());
          return at::stack(values).mean(0).log();
        };
        const Tensor delta_t = rho * at.increase * Plain::gradient(F(x0), xt);
        Tensor y = x0.detach();
        for (int64_t i = 0; i < plain.iterations; ++i) {
          const Tensor leaf = y.detach().requires_grad_(true);
          y = leaf.detach() + mu * at.increase * Plain::gradient(F(leaf), leaf);
        }
        const Tensor eps = (xt - std::sqrt(at.abar) * x0) / std::sqrt(1 - at.abar);
        return Plain::ddim(x0, eps, at) + delta_t / std::sqrt(at.alpha) +
               std::sqrt(at.abar_next) * (y - x0.detach());
      });
  ClimbOptions options = climb_preset("tfg");
  options.rho = rho, options.mu = mu, options.sigma = sigma, options.draws = plain.draws;
  options.iterations = plain.iterations, options.recurrence = 2;
  EXPECT_LT(largest(w.guided(options) - expected), kExact);
}

TEST(Climb, WithoutStrengthChangesNothing) {
  World w;
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 1;
  const Tensor plain = solve(w.network.denoiser(), w.start, w.levels, make_step(solver, w.solver_noise)).x;
  ClimbOptions options = climb_preset("none");
  options.clip_x0 = false;
  EXPECT_EQ(largest(w.guided(options) - plain), 0);
}

// Network evaluations, passes back through it, gradients of its weights, and guide gradients of one step.
struct Calls {
  int64_t forward, backward, weights, guides;
};

Calls calls_of(ClimbOptions options) {
  const auto count = std::make_shared<CallCount>();
  const SmallNetwork network(count);
  const CurvedObjective objective(count);
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 1;
  const Tensor seeds = sample_seeds(1, 2);
  const Tensor levels = doubles({2, 1});
  const Smoothed smoothed(objective, image_space(1, 2, 3));
  solve(network.denoiser(), starting_noise(seeds, {1, 2, 3}, 2), levels,
        climb(make_step(solver, seeded_noise(seeds, {1, 2, 3})), smoothed, options, solver, levels,
              seeded_noise(seeds + 7, {1, 2, 3})));
  return {count->forward, count->backward, count->weights, count->guides};
}

void expect_calls(const ClimbOptions& options, int64_t forward, int64_t backward, int64_t guides) {
  const Calls calls = calls_of(options);
  EXPECT_EQ(calls.forward, forward);
  EXPECT_EQ(calls.backward, backward);
  EXPECT_EQ(calls.guides, guides);
  EXPECT_EQ(calls.weights, 0);
}

TEST(Climb, CostsWhatTheMethodsNeed) {
  ClimbOptions tfg = climb_preset("tfg");
  tfg.recurrence = 3, tfg.iterations = 4;
  expect_calls(tfg, 3, 3, 3 * 4);
  tfg.rho = 0;
  expect_calls(tfg, 3, 0, 3 * 4);
  tfg.rho = 1, tfg.mu = 0;
  expect_calls(tfg, 3, 3, 3);
  expect_calls(climb_preset("dps"), 1, 1, 1);
  expect_calls(climb_preset("lgd"), 1, 1, 1);
  ClimbOptions freedom = climb_preset("freedom");
  freedom.recurrence = 4;
  expect_calls(freedom, 4, 4, 4);
  expect_calls(climb_preset("mpgd"), 1, 0, 1);
  ClimbOptions ugd = climb_preset("ugd");
  ugd.recurrence = 2, ugd.iterations = 5;
  expect_calls(ugd, 2, 2, 2 * 5);
  expect_calls(climb_preset("none"), 1, 0, 0);
}

TEST(Climb, LimitsTheGradientOfEachSampleAndNeverReversesTheOrderOfSizes) {
  const Tensor gradient =
      at::ones({4, 1, 2, 2}, torch::kFloat64) * over(doubles({0.5, 1, 2, 10}), at::ones({4, 1, 2, 2}));
  const Tensor rms = limited_gradient(gradient, 1).flatten(1).square().mean(1).sqrt();
  EXPECT_LT(largest(rms - doubles({0.5, 1, 1, 1})), 1e-12);
  EXPECT_EQ(largest(limited_gradient(gradient, 0) - gradient), 0);
}

TEST(Climb, DenoiserFormHoldsItsStrengthWhenTheNumberOfStepsChanges) {
  // Gaussian data and a Gaussian objective of one number: where guided samples end on average.
  const Mixture world = gaussian(doubles({0.3}), 0.8);
  const PointObjective objective(1.2, 0.5);
  const Tensor seeds = sample_seeds(0, 64);
  const auto mean_after = [&](const std::string& form, const std::string& structure, int64_t steps) {
    ClimbOptions options = climb_preset("none");
    options.form = form, options.rho = 1, options.rho_structure = structure, options.clip_x0 = false;
    SolverOptions solver;
    solver.name = "euler";
    const Tensor levels = at::cat({karras_levels(steps, 0.002, 80), doubles({0})});
    const Smoothed smoothed(objective, image_space(1, 1, 1));
    const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
    return solve(as_images(exact_denoiser(world)), starting_noise(seeds, {1, 1, 1}, 80), levels, step)
        .x.mean()
        .item<double>();
  };
  EXPECT_NEAR(mean_after("denoiser", "constant", 100), mean_after("denoiser", "constant", 200), 0.01);
  EXPECT_GT(std::abs(mean_after("step", "increase", 100) - mean_after("step", "increase", 200)), 0.05);
}

// Golden values for data N(.3, .8^2) and guide N(1.2, .5^2), Heun on 400 levels from x = +-80: the exact
// posterior is N(.947191, .423999^2); the start at mean 0 leaves the midpoint at .942171.
TEST(Climb, ThroughTheUncertaintyOfTheDenoiserIsExactForGaussians) {
  const Mixture world = gaussian(doubles({0.3}), 0.8);
  const PointObjective objective(1.2, 0.5);
  const Tensor start = doubles({80, -80}).view({2, 1, 1, 1});
  const Tensor levels = at::cat({karras_levels(400, 0.002, 80), doubles({0})});
  const auto ends = [&](ClimbOptions options) {
    options.clip_x0 = false, options.data_std = 0.8;
    SolverOptions solver;
    const Smoothed smoothed(objective, image_space(1, 1, 1));
    const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
    const Tensor x = solve(as_images(exact_denoiser(world)), start, levels, step).x.flatten();
    return std::make_pair((x[0] + x[1]).item<double>() / 2, (x[0] - x[1]).item<double>() / 2);
  };
  const auto [middle, half] = ends(climb_preset("pigdm"));
  EXPECT_NEAR(middle, 0.942171, 2e-5);
  EXPECT_NEAR(half, 0.424028, 2e-5);
  // The point estimate is over-confident and biased.
  ClimbOptions point = climb_preset("pigdm");
  point.sigma = 0;
  const auto [point_middle, point_half] = ends(point);
  EXPECT_NEAR(point_middle, 1.353582, 2e-4);
  EXPECT_NEAR(point_half, 0.222496, 2e-4);
}

TEST(Climb, DrawsOfTheImplicitDynamicsTendToTheClosedForm) {
  PointObjective objective(1.2, 0.5);
  objective.set_width(2);
  const Smoothed smoothed(objective, image_space(1, 1, 2));
  const Tensor y = doubles({0.1, -0.4, 0.3, 0.9}).view({2, 1, 1, 2});
  const Tensor noise = 0.6 * seeded_noise(sample_seeds(0, 2), {200000, 1, 1, 2})(0);
  const Tensor drawn = smoothed.drawn(y, noise), closed = smoothed.closed(y, 0.6);
  // Both up to a constant: the closed form leaves out the normaliser.
  EXPECT_NEAR((drawn[0] - drawn[1] - closed[0] + closed[1]).item<double>(), 0, 0.02);
}

TEST(Climb, MeanGuidanceApproachesTheTargetGeometrically) {
  // y_I - c = (1 - mu / kappa^2)^I (x0 - c)
  const PointObjective objective(1.2, 0.5);
  const Smoothed smoothed(objective, image_space(1, 1, 1));
  ClimbOptions options = climb_preset("mpgd", 0.02);
  options.iterations = 7, options.clip_x0 = false;
  SolverOptions solver;
  solver.name = "euler";
  const Denoiser at_third = [](const Tensor& x, const Tensor&) { return at::full_like(x, 0.3); };
  const Tensor levels = doubles({1, 0});
  const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
  const double x = solve(at_third, at::ones({1, 1, 1, 1}, torch::kFloat64), levels, step).x.item<double>();
  EXPECT_NEAR(x - 1.2, std::pow(1 - 0.02 / 0.25, 7) * (0.3 - 1.2), 1e-12);
}

TEST(Climb, RefusesWhatItsFormulasDoNotAllow) {
  const auto form_refusal = [](const std::string& name, ClimbOptions options) {
    SolverOptions solver;
    solver.name = name;
    return refusal([&] { checked_form(options, solver); });
  };
  EXPECT_THAT(form_refusal("dopri5", {}), ::testing::HasSubstr("dopri5"));
  ClimbOptions published;
  published.form = "step";
  EXPECT_THAT(form_refusal("heun", published), ::testing::HasSubstr("form denoiser"));
  ClimbOptions twice;
  twice.recurrence = 2;
  for (const char* name : {"dpmpp_2m", "dpmpp_3m", "dpmpp_2m_sde", "dpmpp_3m_sde", "lms"})
    EXPECT_THAT(form_refusal(name, twice), ::testing::HasSubstr(name));
  EXPECT_EQ(form_refusal("heun", twice), "accepted");
  ClimbOptions unknown;
  unknown.rho_structure = "increse";
  EXPECT_THAT(form_refusal("ddim", unknown), ::testing::HasSubstr("did you mean increase"));
  EXPECT_THROW(climb_preset("dsp"), Error);
  const BlackBox black_box;
  EXPECT_THROW(Smoothed(black_box, image_space(1, 1, 1)), Error);
}

// Claims a gradient that libtorch does not have, as a network made elsewhere may.
class Underivable : public Objective {
 public:
  Tensor score(const State& sample) const override {
    return at::igamma(sample.x.square() + 1, at::ones_like(sample.x)).flatten(1).sum(1);
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return "underivable"; }
};

TEST(Climb, AGradientThatFailsIsToldInOneLine) {
  const Underivable objective;
  const Smoothed smoothed(objective, image_space(1, 1, 1));
  ClimbOptions options;
  options.mu = 0.1, options.draws = 0;
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 0;
  const Tensor levels = torch::tensor({1.0, 0.5, 0.0}, torch::kFloat64);
  const Denoiser same = [](const Tensor& x, const Tensor&) { return x; };
  const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
  const std::string told = refusal([&] {
    solve(same, at::ones({1, 1, 1, 1}, torch::kFloat64), levels, step);
  });
  EXPECT_THAT(told, ::testing::HasSubstr("its gradient failed: "));
  EXPECT_THAT(told, ::testing::HasSubstr("igamma"));
  EXPECT_THAT(told, ::testing::HasSubstr("--method feynman_kac"));
}

TEST(Climb, GuidesEverySolverAndASampleDependsOnItsOwnSeed) {
  World w;
  for (const std::string& name : solver_names()) {
    if (name == "dopri5") continue;
    SolverOptions solver;
    solver.name = name;
    if (name == "heun") solver.churn = 1;
    const ClimbOptions options = climb_preset("tfg", 0.2);
    const auto run = [&](const Tensor& seeds) {
      const Smoothed smoothed(w.objective, image_space(1, 2, 3));
      const Step step = climb(make_step(solver, seeded_noise(seeds, {1, 2, 3}), 5), smoothed, options, solver,
                              w.levels, seeded_noise(seeds + 1000, {1, 2, 3}));
      return solve(w.network.denoiser(), starting_noise(seeds, {1, 2, 3}, 8), w.levels, step).x;
    };
    const Tensor all = run(w.seeds), alone = run(w.seeds.narrow(0, 2, 1));
    EXPECT_LT(largest(all[2] - alone[0]), 1e-12) << name;
    EXPECT_GT(w.objective.score(all).mean().item<double>(),
              w.objective.score(solve(w.network.denoiser(), w.start, w.levels, solver, w.seeds).x)
                  .mean()
                  .item<double>())
        << name;
  }
}

}  // namespace
}  // namespace steer

#include "steer/guidance/climb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <map>

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

  Tensor guided(const ClimbOptions& options, double eta = 1, const Objective* other = nullptr) {
    SolverOptions solver;
    solver.name = "ddim", solver.eta = eta;
    const Smoothed smoothed(other ? *other : objective, image_space(1, 2, 3), lengths_climbed(options));
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

// Of a measurement: the length of what is left, -s grad |y - A x0|.
TEST(Climb, IsDpsAsPublishedOnMeasurements) {
  World w;
  PointObjective point(0.4, 0.01);
  point.set_rows(2), point.set_width(3);
  Plain plain = w.plain();
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
        const Tensor length = (x0 - 0.4).flatten(1).square().sum(1).sqrt();
        return Plain::ddim(x0, eps, at) - plain.strength * Plain::gradient(length, xt);
      });
  EXPECT_LT(largest(w.guided(climb_preset("dps", plain.strength), 1, &point) - expected), kExact);
}

TEST(Climb, IsLgdAsPublished) {
  World w;
  Plain plain = w.plain();
  plain.draws = 10;
  int64_t draw = 0;
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor& eps, const Tensor& x0, const Plain::At& at) {
        std::vector<Tensor> values;
        for (int64_t k = 0; k < plain.draws; ++k)
          values.push_back(w.objective.score(x0 + std::sqrt(1 - at.abar) * w.guide_noise(2 * draw++)).exp());
        const Tensor value = at::stack(values).mean(0).log();
        return Plain::ddim(x0, eps, at) + plain.strength / 10 * Plain::gradient(value, xt);
      });
  EXPECT_LT(largest(w.guided(climb_preset("lgd", plain.strength)) - expected), kExact);
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
  options.recurrence = 3;
  EXPECT_LT(largest(w.guided(options) - expected), kExact);
}

TEST(Climb, IsMpgdAsPublished) {
  World w;
  Plain plain = w.plain();
  const Tensor expected = plain.run(
      w.start, w.levels, [&](const Tensor&, const Tensor& eps, const Tensor& raw, const Plain::At& at) {
        // The noise is that of the answer before it was clipped.
        const Tensor y = raw.detach().clamp(-1, 1).requires_grad_(true);
        return Plain::ddim(y + plain.strength * Plain::gradient(w.objective.score(y), y), eps, at);
      });
  EXPECT_LT(largest(w.guided(climb_preset("mpgd", plain.strength)) - expected), kExact);
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

// TFG with any settings, written down in the coordinates of the paper.
struct PaperFormula {
  std::function<double(const Plain::At&)> rho = [](const Plain::At&) { return 0.0; }, mu = rho, std = rho;
  std::function<Tensor(const Tensor&)> divisor = [](const Tensor& value) { return at::ones_like(value); };
  double limit = 0, momentum = 0;
  bool clip = false;
};

Tensor limited(const Tensor& gradient, double limit) {
  if (limit == 0) return gradient;
  const Tensor rms = gradient.flatten(1).square().mean(1).sqrt();
  return gradient * over(at::where(rms > limit, limit / rms, at::ones_like(rms)), gradient);
}

Tensor by_formula(World& w, const PaperFormula& f, int64_t iterations, int64_t draws) {
  Plain plain = w.plain();
  int64_t draw = 0;
  return plain.run(
      w.start, w.levels, [&](const Tensor& xt, const Tensor&, const Tensor& raw, const Plain::At& at) {
        const Tensor x0 = f.clip ? raw.clamp(-1, 1) : raw;
        std::vector<Tensor> deltas(f.std(at) == 0 ? 0 : static_cast<size_t>(draws));
        for (Tensor& delta : deltas) delta = f.std(at) * w.guide_noise(2 * draw++);
        const auto F = [&](const Tensor& x) {
          if (deltas.empty()) return w.objective.score(x);
          std::vector<Tensor> values;
          for (const Tensor& delta : deltas) values.push_back(w.objective.score(x + delta).exp());
          return at::stack(values).mean(0).log();
        };
        const Tensor value = F(x0);
        const Tensor delta_t = f.rho(at) * limited(Plain::gradient(value, xt), f.limit / std::sqrt(at.abar)) /
                               over(f.divisor(value.detach()), xt);
        Tensor y = x0.detach(), move = at::zeros_like(y);
        for (int64_t i = 0; i < iterations; ++i) {
          const Tensor leaf = y.detach().requires_grad_(true);
          move = f.mu(at) * limited(Plain::gradient(F(leaf), leaf), f.limit) + f.momentum * move;
          y = leaf.detach() + move;
        }
        const Tensor eps = (xt - std::sqrt(at.abar) * x0) / std::sqrt(1 - at.abar);
        return Plain::ddim(x0, eps, at) + delta_t / std::sqrt(at.alpha) +
               std::sqrt(at.abar_next) * (y - x0.detach());
      });
}

TEST(Climb, EverySettingIsItsFormula) {
  World w;
  // Of the grid: T / sum alpha and T / sum beta.
  double sum_alpha = 0;
  const int64_t steps = w.levels.size(0) - 1;
  for (int64_t i = 0; i < steps; ++i)
    sum_alpha +=
        (1 + std::pow(w.levels[i + 1].item<double>(), 2)) / (1 + std::pow(w.levels[i].item<double>(), 2));
  const double T = static_cast<double>(steps), of_alpha = T / sum_alpha, of_beta = T / (T - sum_alpha);
  using At = Plain::At;
  const std::map<std::string, std::function<double(const At&)>> structures = {
      {"increase", [=](const At& at) { return at.alpha * of_alpha; }},
      {"decrease", [=](const At& at) { return at.beta * of_beta; }},
      {"constant", [](const At&) { return 1; }},
      {"sqrt_alpha", [](const At& at) { return std::sqrt(at.alpha); }},
      {"increase_sqrt_alpha", [=](const At& at) { return at.alpha * of_alpha * std::sqrt(at.alpha); }},
      {"beta", [](const At& at) { return at.beta; }},
      {"posterior", [](const At& at) { return std::pow(0.5 * at.sigma / std::hypot(0.5, at.sigma), 2); }}};
  const ClimbOptions none = climb_preset("none");
  const auto expect_equal = [&](const ClimbOptions& options, const PaperFormula& formula,
                                const std::string& what) {
    const Tensor expected = by_formula(w, formula, options.iterations, options.draws);
    EXPECT_LT(largest(w.guided(options) - expected), kExact) << what;
  };
  for (const auto& [name, structure] : structures) {
    const std::function<double(const At&)> shape = structure;
    ClimbOptions by_rho = none, by_mu = none;
    by_rho.rho = 0.2, by_rho.rho_structure = name;
    by_mu.mu = 0.2, by_mu.mu_structure = name, by_mu.iterations = 3;
    PaperFormula rho, mu;
    rho.rho = [shape](const At& at) { return 0.2 * shape(at); };
    mu.mu = rho.rho;
    expect_equal(by_rho, rho, "rho " + name);
    expect_equal(by_mu, mu, "mu " + name);
  }
  const double kStd = 0.3, kData = 0.7;
  const std::map<std::string, std::function<double(const At&)>> deviations = {
      {"decrease", [=](const At& at) { return kStd * std::sqrt(1 - at.abar); }},
      {"constant", [=](const At&) { return kStd; }},
      {"posterior", [=](const At& at) { return kStd * kData * at.sigma / std::hypot(kData, at.sigma); }}};
  PaperFormula constant;
  constant.rho = constant.mu = [](const At&) { return 0.2; };
  ClimbOptions both = none;
  both.rho = both.mu = 0.2, both.iterations = 2;
  expect_equal(both, constant, "both");
  for (const auto& [name, deviation] : deviations) {
    ClimbOptions options = both;
    options.sigma = kStd, options.sigma_structure = name, options.draws = 3, options.data_std = kData;
    PaperFormula formula = constant;
    formula.std = deviation;
    expect_equal(options, formula, "sigma " + name);
  }
  ClimbOptions options = both;
  PaperFormula formula = constant;
  options.normalise = "score", formula.divisor = [](const Tensor& value) { return value.abs(); };
  expect_equal(options, formula, "score");
  options.normalise = "root", formula.divisor = [](const Tensor& value) { return value.abs().sqrt(); };
  expect_equal(options, formula, "root");
  options.normalise = "none", formula.divisor = PaperFormula().divisor;
  options.clip_x0 = formula.clip = true;
  expect_equal(options, formula, "clip");
  options.gradient_limit = formula.limit = 0.1;
  expect_equal(options, formula, "limit");
  options = both, formula = constant;
  options.iterations = 4, options.momentum = formula.momentum = 0.6;
  expect_equal(options, formula, "momentum");
  // Five steps that begin at 8, 3, 1.2, 0.5, 0.15, each twice as strong as the one before.
  options = both, formula = constant;
  options.late = 16;
  formula.rho = formula.mu = [](const At& at) {
    return 0.2 * 5 / 31 * (at.sigma > 5 ? 1 : at.sigma > 2 ? 2 : at.sigma > 1 ? 4 : at.sigma > 0.3 ? 8 : 16);
  };
  expect_equal(options, formula, "late");
}

TEST(Climb, LeavesAloneWhatHasEnough) {
  World w;
  ClimbOptions options = climb_preset("tfg", 0.2);
  options.sigma = 0;
  const Tensor plain = w.guided(climb_preset("none")), guided = w.guided(options);
  options.enough = 100;  // every score lies above -100
  ClimbOptions none = climb_preset("none");
  none.clip_x0 = true;
  EXPECT_EQ(largest(w.guided(options) - w.guided(none)), 0);
  options.enough = 1e-9;  // none does
  EXPECT_EQ(largest(w.guided(options) - guided), 0);
  // In between, a sample that has enough at the last step ends where its own unguided step ends.
  options.enough = 2.5;
  const Tensor some = w.guided(options);
  EXPECT_GT(largest(some - guided), 1e-6);
  EXPECT_GT(largest(some - plain), 1e-6);
}

// Where one step ends whose answer is 0.3, guided toward N(1.2, 0.5^2).
double from_third(const ClimbOptions& options) {
  const PointObjective objective(1.2, 0.5);
  const Smoothed smoothed(objective, image_space(1, 1, 1));
  SolverOptions solver;
  solver.name = "euler";
  const Denoiser at_third = [](const Tensor& x, const Tensor&) { return at::full_like(x, 0.3); };
  const Tensor levels = doubles({1, 0});
  const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
  return solve(at_third, at::ones({1, 1, 1, 1}, torch::kFloat64), levels, step).x.item<double>();
}

// One iteration of mean guidance with mu the open variance is the likeliest clean sample given x0 and y.
TEST(Climb, MeanGuidanceTakesTheWholeGaussNewtonStep) {
  ClimbOptions options = climb_preset("pigdm");
  options.rho = 0, options.mu = 1, options.mu_structure = "posterior", options.clip_x0 = false;
  options.data_std = 0.8;
  const double x = from_third(options);
  const double open = 0.64 / 1.64, precise = 1 / 0.25;
  EXPECT_NEAR(x, (0.3 / open + 1.2 * precise) / (1 / open + precise), 1e-12);
}

// Form denoiser, Euler: x' = x + (sigma' - sigma) (x - D') / sigma of D' = clip(clip(D) + rho sigma^2 J^T g).
TEST(Climb, TheDenoiserFormClipsBeforeAndAfter) {
  World w;
  for (const bool clip : {false, true}) {
    ClimbOptions options = climb_preset("none");
    options.form = "denoiser", options.rho = 3, options.clip_x0 = clip;
    SolverOptions solver;
    solver.name = "euler";
    const Tensor levels = doubles({3, 1});
    const Smoothed smoothed(w.objective, image_space(1, 2, 3));
    const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
    const Tensor moved = solve(w.network.denoiser(), w.start, levels, step).x;

    const torch::AutoGradMode with_gradients(true);
    const Tensor x = w.start.detach().requires_grad_(true);
    Tensor answer = w.network.denoiser()(x, doubles({3, 3, 3, 3}));
    if (clip) answer = answer.clamp(-1, 1);
    Tensor guided = answer.detach() + 3 * 9 * Plain::gradient(w.objective.score(answer), x);
    if (clip) guided = guided.clamp(-1, 1);
    const Tensor expected = w.start + (1.0 - 3.0) * (w.start - guided) / 3;
    EXPECT_LT(largest(moved - expected), kExact) << clip;
    if (clip) {
      EXPECT_EQ(guided.abs().max().item<double>(), 1);
    }
  }
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
  // To be safe costs one look of the guide more, where nothing must be shortened.
  ClimbOptions safe = climb_preset("tfg", 1e-4);
  safe.safe = true;
  expect_calls(safe, 1, 1, 4 + 1);
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
  ClimbOptions options = climb_preset("mpgd", 0.02);
  options.iterations = 7, options.clip_x0 = false;
  const double x = from_third(options);
  EXPECT_NEAR(x - 1.2, std::pow(1 - 0.02 / 0.25, 7) * (0.3 - 1.2), 1e-12);
}

// -k/2 |x1 - x2 - d|^2 of the first two of A atoms at x [B, 1, A, 3], a harmonic bond.
class HarmonicBond : public Objective {
 public:
  Tensor score(const State& sample) const override {
    const Tensor x = sample.x.squeeze(1);
    return -stiffness / 2 * (x.select(1, 0) - x.select(1, 1) - bond).square().sum(1);
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return "bond"; }

  double stiffness = 3;
  Tensor bond = doubles({0.9, -0.2, 0.4});
};

// Atoms of one type without a network: N(0, s^2) in the subspace of centre 0. A harmonic bond pulls at one
// mode of three numbers, (x1 - x2) / sqrt(2), as a Gaussian at d / sqrt(2) of variance 1 / (2 k) pulls at a
// number; all else is as if nobody pulled.
TEST(Climb, AHarmonicBondMovesItsModeByTheClosedFormAndNothingElse) {
  const GaussianWorld world{0, 0.7};
  const Tensor levels = at::cat({karras_levels(40, 0.002, 80), doubles({0})});
  const Tensor noise = 80 * normals(8, {1, 4, 3}, 5);
  const Tensor start = noise - noise.mean(2, true);
  const HarmonicBond bond;
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 0;
  const Tensor free = solve(world.denoiser(), start, levels, make_step(solver, {})).x;
  for (const std::string method : {"tfg", "freedom", "mpgd"}) {
    const auto ends = [&](const Objective& objective, const Tensor& from) {
      ClimbOptions options = climb_preset(method, 0.1);
      options.sigma = 0, options.clip_x0 = false;
      const Smoothed smoothed(objective, image_space(1, from.size(2), from.size(3)),
                              lengths_climbed(options));
      const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
      return solve(world.denoiser(), from, levels, step).x;
    };
    const auto mode = [](const Tensor& x) { return (x.select(2, 0) - x.select(2, 1)) / std::sqrt(2); };
    const auto rest = [](const Tensor& x) {
      return at::cat({x.narrow(2, 0, 1) + x.narrow(2, 1, 1), x.narrow(2, 2, 2)}, 2);
    };
    const Tensor guided = ends(bond, start);
    EXPECT_LT(largest(guided.mean(2)), 1e-12) << method;
    EXPECT_LT(largest(rest(guided) - rest(free)), 1e-10) << method;
    EXPECT_GT(largest(mode(guided) - mode(free)), 0.1) << method;
    for (int64_t i = 0; i < 3; ++i) {
      const PointObjective point(bond.bond[i].item<double>() / std::sqrt(2),
                                 std::sqrt(1 / (2 * bond.stiffness)));
      const Tensor alone = ends(point, mode(start).narrow(2, i, 1).unsqueeze(3));
      EXPECT_LT(largest(mode(guided).narrow(2, i, 1) - alone.squeeze(3)), 1e-10) << method;
    }
  }
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

// Samples of N(.3, .8^2) in four dimensions, steered towards 1.2, of which a measurement of deviation .01 or
// a curved objective tell: a gradient of 10,000 times the distance leaps over it.
struct SteepWorld {
  Mixture world = gaussian(doubles({0.3, 0.3, 0.3, 0.3}), 0.8);
  PointObjective point{1.2, 0.01};
  Tensor seeds = sample_seeds(0, 8);
  Tensor levels = at::cat({karras_levels(12, 0.01, 20), doubles({0})});
  SteepWorld() { point.set_width(4); }

  Tensor guided(const ClimbOptions& options, const Objective& objective, const Tensor& of) const {
    SolverOptions solver;
    solver.name = "ddim", solver.eta = 1;
    const std::vector<int64_t> sizes = {1, 1, 4};
    Space space = image_space(1, 1, 4);
    space.limit = 2;
    const Smoothed smoothed(objective, space, lengths_climbed(options));
    const Step step = climb(make_step(solver, seeded_noise(of, sizes)), smoothed, options, solver, levels,
                            seeded_noise(of + 1000, sizes));
    return solve(as_images(exact_denoiser(world)), starting_noise(of, sizes, 20), levels, step).x;
  }
};

TEST(Climb, SafeStepsEndNearTheTargetAtEveryStrength) {
  const SteepWorld w;
  const auto distance = [&](const std::string& method, double strength, bool safe) {
    ClimbOptions options = climb_preset(method, strength);
    options.safe = safe;
    return (w.guided(options, w.point, w.seeds) - 1.2).square().mean().sqrt().item<double>();
  };
  EXPECT_GT(distance("none", 1, false), 0.8);
  for (const std::string& method : climb_names())
    for (const double strength : {0.1, 1.0, 10.0, 1000.0}) {
      // These have strengths that mean what they say below 1.
      if (strength < 1 && (method == "dps" || method == "pigdm" || method == "pigdm_step")) continue;
      EXPECT_LT(distance(method, strength, true), method == "dps" ? 0.3 : 0.05) << method << " " << strength;
    }
  // As published they leap.
  for (const char* method : {"tfg", "lgd", "freedom", "mpgd", "ugd"})
    EXPECT_FALSE(distance(method, 1, false) < 1.5) << method;
}

TEST(Climb, WhatRaisesTheScoreIsNotShortened) {
  const SteepWorld w;
  for (const char* method : {"tfg", "lgd", "freedom", "mpgd", "ugd", "dps"}) {
    ClimbOptions options = climb_preset(method, 1e-6);
    const Tensor published = w.guided(options, w.point, w.seeds);
    options.safe = true;
    EXPECT_EQ(largest(w.guided(options, w.point, w.seeds) - published), 0) << method;
  }
}

TEST(Climb, SafeStepsOfASampleDependOnItsOwnSeed) {
  const SteepWorld w;
  const CurvedObjective curved;
  for (const Objective* objective :
       {static_cast<const Objective*>(&w.point), static_cast<const Objective*>(&curved)}) {
    ClimbOptions options = climb_preset("tfg", 5);
    options.safe = true;
    const Tensor all = w.guided(options, *objective, w.seeds);
    const Tensor alone = w.guided(options, *objective, w.seeds.narrow(0, 5, 1));
    EXPECT_LT(largest(all[5] - alone[0]), 1e-9);
  }
}

// Draws of noise may see a top beside the sample's own; what is made at the last step is judged without them.
TEST(Climb, TheLastSafeStepLowersNoScore) {
  World w;
  w.seeds = sample_seeds(3, 64), w.levels = doubles({1.5, 0});
  w.start = starting_noise(w.seeds, {1, 2, 3}, 1.5);
  w.solver_noise = seeded_noise(w.seeds, {1, 2, 3}), w.guide_noise = seeded_noise(w.seeds + 1000, {1, 2, 3});
  const auto gain = [&](const std::string& method, double strength) {
    ClimbOptions options = climb_preset(method, strength), none = climb_preset("none");
    options.safe = true, none.clip_x0 = options.clip_x0;
    const Tensor before = w.objective.score(w.guided(none));
    return w.objective.score(w.guided(options)) - before;
  };
  for (const char* method : {"lgd", "tfg"})
    for (const double strength : {0.1, 1.0, 10.0}) {
      EXPECT_GE(gain(method, strength).min().item<double>(), 0) << method << " " << strength;
      EXPECT_GT(gain(method, strength).mean().item<double>(), 0) << method << " " << strength;
    }
}

// Whose slope promises what is not there: it rises everywhere by its gradient, and falls everywhere.
class Deceiving : public Objective {
 public:
  Tensor score(const State& sample) const override {
    const Tensor sum = sample.x.flatten(1).square().sum(1);
    return sum - (2 * sum).detach();
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return "deceiving"; }
};

TEST(Climb, SafeStepsLeaveOutWhatNoShorteningMends) {
  const SteepWorld w;
  const Deceiving objective;
  ClimbOptions options = climb_preset("tfg", 0.1);
  options.safe = true;
  const Tensor guided = w.guided(options, objective, w.seeds);
  ClimbOptions none = climb_preset("none");
  none.clip_x0 = true;
  EXPECT_LT(largest(guided - w.guided(none, objective, w.seeds)), 0.02);
  options.safe = false;
  EXPECT_GT(largest(w.guided(options, objective, w.seeds) - guided), 0.3);
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

// Guidance where the truth is known: a mixture of three Gaussians in the plane, its denoiser exact, and one
// coordinate measured with noise. Prints how far the samples of every method are from the exact posterior.
//
//   posterior_of_every_method            (a table in markdown)
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <iostream>

#include "steer/core/random.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/worlds.h"
#include "steer/guidance/presets.h"
#include "steer/guidance/proposal.h"
#include "steer/image/image_space.h"

namespace {

using namespace steer;
using torch::Tensor;

constexpr int64_t kSamples = 2000, kSteps = 60;
constexpr double kMeasured = 0.35, kNoise = 0.15;

Tensor doubles(std::vector<double> values) {
  return at::tensor(values, at::TensorOptions().dtype(torch::kFloat64));
}

Mixture prior() {
  return {doubles({0.5, 0.3, 0.2}), doubles({-0.6, -0.3, 0.5, 0.6, 0.2, -0.7}).view({3, 2}),
          doubles({0.25, 0.2, 0.15})};
}

// y = x_1 + noise, as the objective that every generator sees: -(x_1 - y)^2 / (2 noise^2).
class FirstCoordinate : public Objective {
 public:
  FirstCoordinate() {
    measurement_.y = doubles({kMeasured, 0}).view({1, 1, 1, 2});
    measurement_.weight = doubles({1, 0}).view({1, 1, 1, 2});
    measurement_.scale = 1 / (2 * kNoise * kNoise);
  }
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return log_likelihood(measurement_, x);
  }
  bool differentiable() const override { return true; }
  std::vector<Measurement> linear() const override { return {measurement_}; }
  std::string words() const override { return "first coordinate"; }

 private:
  Measurement measurement_;
};

// Samples of the exact posterior, and the weight of each mode in it.
struct Truth {
  Tensor samples, weights, means, deviations;  // [N, 2], [3], [3, 2], [3, 2]
};

Truth exact_posterior(uint64_t seed = 77) {
  const Mixture p = prior();
  const Tensor s2 = p.stds.square(), first = p.means.select(1, 0);
  const Tensor evidence = p.weights * at::exp(-(kMeasured - first).square() / (2 * (s2 + kNoise * kNoise))) /
                          at::sqrt(s2 + kNoise * kNoise);
  Truth truth;
  truth.weights = evidence / evidence.sum();
  const Tensor v = 1 / (1 / s2 + 1 / (kNoise * kNoise));
  truth.means = p.means.clone();
  truth.means.select(1, 0).copy_(v * (first / s2 + kMeasured / (kNoise * kNoise)));
  truth.deviations = at::stack({v.sqrt(), p.stds}, 1);
  const Tensor seeds = sample_seeds(seed, kSamples);
  const Tensor u = uniform_rows(seeds, 1, {1}).to(torch::kFloat64);
  const Tensor mode = at::searchsorted(truth.weights.cumsum(0), u.flatten()).clamp_max(2);
  truth.samples = truth.means.index_select(0, mode) +
                  truth.deviations.index_select(0, mode) * normal_rows(seeds, 2, {2}).to(torch::kFloat64);
  return truth;
}

Tensor covariance(const Tensor& x) {
  const Tensor centred = x - x.mean(0);
  return at::matmul(centred.t(), centred) / static_cast<double>(x.size(0));
}

// 2 E|X - Y| - E|X - X'| - E|Y - Y'|: 0 only where both have one law.
double energy_distance(const Tensor& x, const Tensor& y) {
  return (2 * at::cdist(x, y).mean() - at::cdist(x, x).mean() - at::cdist(y, y).mean()).item<double>();
}

// The share of samples nearest to each mode of the posterior, as likely as it makes them.
Tensor mode_weights(const Tensor& x, const Truth& truth) {
  const Tensor z = (x.unsqueeze(1) - truth.means) / truth.deviations;
  const Tensor log_density = truth.weights.log() - truth.deviations.log().sum(1) - z.square().sum(2) / 2;
  return at::softmax(log_density, 1).mean(0);
}

struct Run {
  Tensor x;  // [N, 2]
  int64_t evaluations;
};

Run sampled(const GuidanceOptions& guidance, bool foresight = true) {
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 1;
  const FirstCoordinate objective;
  const Tensor levels = at::cat({karras_levels(kSteps - 1, 0.01, 20), doubles({0})});
  const Tensor seeds = sample_seeds(1, kSamples);
  Population population(objective, guidance.population, seeds);
  const Smoothed smoothed(objective, image_space(1, 1, 2));
  if (foresight) population.foresee(smoothed);
  const Tensor rows = population.row_seeds();
  const Noise noise = seeded_noise(rows, {1, 1, 2});
  Step step = make_step(solver, noise);
  if (climbs(guidance.climb)) {
    step = climb(step, smoothed, guidance.climb, solver, levels, seeded_noise(rows + (1 << 30), {1, 1, 2}));
    if (guidance.population.method == "feynman_kac") {
      const Proposal proposal = guided_proposal(solver, noise, step);
      step = proposal.step;
      population.set_correction(proposal.log_ratio);
    }
  }
  const Denoiser exact = exact_denoiser(prior());
  const auto calls = std::make_shared<int64_t>(0);
  const Denoiser denoiser = counted(
      [exact](const Tensor& x, const Tensor& sigma) { return exact(x.flatten(1), sigma).view_as(x); }, calls);
  const Tensor x = solve(denoiser, starting_noise(rows, {1, 1, 2}, 20), levels, population.wrap(step)).x;
  return {x.index_select(0, population.winners()).flatten(1), *calls * (population.rows() / kSamples)};
}

void print(const std::string& name, const std::string& setting, const Run& run, const Truth& truth) {
  const Tensor mean = run.x.mean(0) - truth.samples.mean(0);
  const Tensor cov = covariance(run.x) - covariance(truth.samples);
  const Tensor modes = mode_weights(run.x, truth);
  fmt::print("| {} | {} | {:.4f} | {:.3f} | {:.3f} | {:.3f} ({:.2f}, {:.2f}, {:.2f}) | {} |\n", name, setting,
             energy_distance(run.x, truth.samples), mean.norm().item<double>(), cov.norm().item<double>(),
             (modes - truth.weights).abs().sum().item<double>() / 2, modes[0].item<double>(),
             modes[1].item<double>(), modes[2].item<double>(), run.evaluations);
  std::cout.flush();
}

}  // namespace

int main() {
  const torch::NoGradGuard no_grad;
  const Truth truth = exact_posterior();
  fmt::print("exact weights of the modes: {:.3f}, {:.3f}, {:.3f}\n\n", truth.weights[0].item<double>(),
             truth.weights[1].item<double>(), truth.weights[2].item<double>());
  fmt::print("| method | setting | energy distance | mean | covariance | mode weights | evaluations |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  const auto plain = [](const ClimbOptions& climb) {
    GuidanceOptions guidance;
    guidance.climb = climb;
    guidance.climb.clip_x0 = false;
    return guidance;
  };
  print("the same, other seeds", "two sets of exact samples", {exact_posterior(7777777).samples, 0}, truth);
  print("unguided", "", sampled(plain(climb_preset("none"))), truth);
  // What serves best out of some settings; those that end in numbers that are not finite are too strong.
  const auto best_of = [&](const std::vector<std::pair<std::string, ClimbOptions>>& settings) {
    double least = 1e9;
    std::pair<std::string, Run> kept;
    for (const auto& [setting, climb] : settings) {
      try {
        const Run run = sampled(plain(climb));
        const double distance = energy_distance(run.x, truth.samples);
        if (distance < least) least = distance, kept = {setting, run};
      } catch (const std::exception&) {
      }
    }
    return kept;
  };
  const auto print_best = [&](const std::string& name, const std::vector<ClimbOptions>& tried) {
    std::vector<std::pair<std::string, ClimbOptions>> settings;
    for (const ClimbOptions& one_of : tried)
      for (double strength = 1.0 / 4096; strength <= 8; strength *= 2) {
        ClimbOptions climb = one_of;
        climb.rho *= strength, climb.mu *= strength, climb.data_std = 0.6;
        std::string setting = fmt::format("strength {:g}", strength);
        if (climb.late > 0) setting += fmt::format(", late {:g}", climb.late);
        if (climb.momentum > 0) setting += fmt::format(", momentum {:g}", climb.momentum);
        settings.emplace_back(setting, climb);
      }
    const auto [setting, run] = best_of(settings);
    print(name, setting, run, truth);
  };
  // Every method that climbs at the strength that serves it best, out of the same doublings.
  for (const std::string& name : climb_names()) print_best(name, {climb_preset(name)});
  // What else there is, each added to tfg or pigdm alone.
  std::vector<ClimbOptions> lates, momenta;
  for (const double late : {1.0 / 64, 1.0 / 16, 0.25, 4.0, 16.0, 64.0}) {
    lates.push_back(climb_preset("tfg"));
    lates.back().late = late;
  }
  for (const double momentum : {0.3, 0.6, 0.9}) {
    momenta.push_back(climb_preset("tfg"));
    momenta.back().momentum = momentum;
  }
  print_best("tfg, strengths by level", lates);
  print_best("tfg, momentum", momenta);
  ClimbOptions whole = climb_preset("pigdm");
  whole.rho = 0, whole.mu = 1, whole.mu_structure = "posterior", whole.data_std = 0.6;
  print("mean guidance, Gauss-Newton", "strength 1, not searched", sampled(plain(whole)), truth);
  ClimbOptions own = climb_preset("pigdm");
  own.jacobian = 2;
  print("pigdm, covariance of the network", "strength 1, not searched", sampled(plain(own)), truth);
  ClimbOptions one = climb_preset("pigdm");
  one.data_std = 0.6;
  print("pigdm", "strength 1, not searched", sampled(plain(one)), truth);
  const auto rows = [](const std::string& name, int64_t count) {
    GuidanceOptions guidance = guidance_preset(name);
    guidance.population.count = count, guidance.population.data_std = 0.6;
    if (name == "tree") guidance.population.paths = count / 4;
    return guidance;
  };
  for (const char* name : {"best_of", "svdd", "tree"}) print(name, "16 rows", sampled(rows(name, 16)), truth);
  for (const int64_t count : {16, 256})
    print("feynman_kac", fmt::format("{} particles, denoised samples judged as if finished", count),
          sampled(rows("feynman_kac", count), false), truth);
  for (const int64_t count : {4, 16, 64, 256})
    print("feynman_kac", fmt::format("{} particles", count), sampled(rows("feynman_kac", count)), truth);
  for (const int64_t count : {4, 16, 64}) {
    GuidanceOptions guidance = rows("feynman_kac", count);
    guidance.climb = one, guidance.climb.clip_x0 = false;
    print("feynman_kac of pigdm", fmt::format("{} particles", count), sampled(guidance), truth);
  }
  return 0;
}

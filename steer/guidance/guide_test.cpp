#include "steer/guidance/guide.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/levels.h"
#include "steer/guidance/test_guides.h"
#include "steer/image/image_space.h"
#include "steer/objectives/coupled.h"

namespace steer {
namespace {

// Data N(0.3, 0.7^2) in one number, seen as 1.1 with noise of deviation 0.5.
constexpr double kDataMean = 0.3, kDataStd = 0.7, kSeen = 1.1, kNoise = 0.5;
constexpr double kPosteriorPrecision = 1 / (kDataStd * kDataStd) + 1 / (kNoise * kNoise);

SolverOptions ancestral() {
  SolverOptions solver;
  solver.name = "ddim", solver.eta = 1;
  return solver;
}

Tensor fine_levels() {
  return at::cat({karras_levels(79, 0.005, 40), doubles({0})});
}

GuidanceOptions exact_gradient(int64_t particles) {
  GuidanceOptions guidance = guidance_preset("pigdm");
  guidance.climb.data_std = guidance.population.data_std = kDataStd;
  if (particles > 0) guidance.population.method = "feynman_kac", guidance.population.count = particles;
  return guidance;
}

struct Drawn {
  Tensor x;         // of the winners
  Tensor evidence;  // its logarithm
};

Drawn drawn(const GuidanceOptions& guidance, int64_t samples) {
  const PointObjective objective(kSeen, kNoise);
  Space space = image_space(1, 1, 1);
  space.limit = 0;
  const Guide guide(objective, space, ancestral(), guidance);
  Population population = guide.population(sample_seeds(5, samples));
  const Tensor levels = fine_levels();
  const Tensor start = starting_noise(population.row_seeds(), space.sizes, 40);
  const Denoiser D = GaussianWorld{kDataMean, kDataStd}.denoiser();
  const Tensor x = solve(D, start, levels, guide.step(population, levels)).x;
  EXPECT_EQ(x.size(0), samples * guide.rows_each());
  Drawn run{x.index_select(0, population.winners()).flatten(), {}};
  if (guidance.population.method == "feynman_kac") run.evidence = population.log_evidence();
  return run;
}

TEST(Guide, FollowsTheGradientToTheExactPosterior) {
  const Tensor x = drawn(exact_gradient(0), 3000).x;
  const double mean = (kDataMean / (kDataStd * kDataStd) + kSeen / (kNoise * kNoise)) / kPosteriorPrecision;
  EXPECT_NEAR(x.mean().item<double>(), mean, 0.04);
  EXPECT_NEAR(x.std().item<double>(), 1 / std::sqrt(kPosteriorPrecision), 0.03);
}

TEST(Guide, WeighsParticlesThatAGradientHasMoved) {
  const Drawn run = drawn(exact_gradient(16), 200);
  const double both = kDataStd * kDataStd + kNoise * kNoise;
  const double evidence =
      kNoise / std::sqrt(both) * std::exp(-(kDataMean - kSeen) * (kDataMean - kSeen) / (2 * both));
  // Without what moves weigh, the estimate would be that of the moved samples, far above.
  EXPECT_NEAR(run.evidence.exp().mean().item<double>() / evidence, 1, 0.06);
}

TEST(Guide, TakesNoiseThatIsConfined) {
  const BlackBox objective;
  const Space space = image_space(1, 1, 2);
  GuidanceOptions guidance = guidance_preset("feynman_kac");
  guidance.population.count = 3;
  const Guide guide(objective, space, ancestral(), guidance);
  Population population = guide.population(sample_seeds(1, 4));
  const Tensor levels = fine_levels(), mask = doubles({1, 0});
  const Step step = guide.step(population, levels, [&](const Tensor& seeds) -> Noise {
    const Noise noise = seeded_noise(seeds, space.sizes);
    return [noise, mask](int64_t draw) { return noise(draw) * mask; };
  });
  const Denoiser D = [&](const Tensor& x, const Tensor& sigma) {
    return GaussianWorld().denoiser()(x, sigma) * mask;
  };
  const Tensor x = solve(D, starting_noise(population.row_seeds(), space.sizes, 40) * mask, levels, step).x;
  EXPECT_EQ(x.select(3, 1).abs().max().item<double>(), 0);
  EXPECT_GT(x.select(3, 0).std().item<double>(), 0.1);
  EXPECT_LE(x.abs().max().item<double>(), 1);
}

class Pairs : public CoupledObjective {
 public:
  int64_t group() const override { return 2; }
  Tensor score(const State& sample) const override { return sample.x.flatten(1).sum(1); }
  bool differentiable() const override { return true; }
  std::string words() const override { return "pairs"; }
};

TEST(Guide, RefusesWhatDoesNotGoTogether) {
  const Space space = image_space(1, 1, 1);
  const PointObjective point(kSeen, kNoise);
  const BlackBox black_box;
  const Pairs pairs;
  SolverOptions adaptive;
  adaptive.name = "dopri5";
  const GuidanceOptions gradient = exact_gradient(0), both = exact_gradient(4);
  EXPECT_THROW(Guide(point, space, adaptive, gradient), Error);
  EXPECT_THROW(Guide(black_box, space, ancestral(), gradient), Error);
  EXPECT_THROW(Guide(pairs, space, ancestral(), both), Error);
  GuidanceOptions repeated = both;
  repeated.climb.recurrence = 2;
  EXPECT_THROW(Guide(point, space, ancestral(), repeated), Error);
  EXPECT_EQ(Guide(pairs, space, ancestral(), guidance_preset("tfg")).rows_each(), 1);
  EXPECT_EQ(Guide(point, space, ancestral(), both).rows_each(), 4);
  EXPECT_EQ(Guide(black_box, space, ancestral(), guidance_preset("svdd")).form(), "");
}

}  // namespace
}  // namespace steer

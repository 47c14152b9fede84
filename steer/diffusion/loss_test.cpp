#include "steer/diffusion/loss.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

Tensor draw(const std::string& type, const Process& process, int64_t count, bool stratified = false) {
  NoiseDrawOptions options;
  options.type = type, options.stratified = stratified;
  return draw_sigmas(options, process, count, 7);
}

TEST(NoiseDraws, LogNormalHasItsMomentsAndStrataSharpenThem) {
  const Tensor plain = draw("log_normal", process_of("edm"), 20000).log();
  EXPECT_NEAR(plain.mean().item<double>(), -1.2, 0.04);
  EXPECT_NEAR(plain.std().item<double>(), 1.2, 0.03);
  const Tensor strata = draw("log_normal", process_of("edm"), 2000, true).log();
  EXPECT_NEAR(strata.mean().item<double>(), -1.2, 0.002);
  EXPECT_NEAR(strata.std().item<double>(), 1.2, 0.003);
  EXPECT_TRUE((strata.diff() > 0).all().item<bool>());
}

TEST(NoiseDraws, UniformFlowTimeIsAStandardLogisticOfLnSigma) {
  // Mean 0 and variance pi^2 / 3, less .06 for the end of the range that is cut at t = .999.
  const Tensor logs = draw("uniform_t", process_of("flow"), 4000, true).log();
  EXPECT_NEAR(logs.mean().item<double>(), 0, 0.02);
  EXPECT_NEAR(logs.var().item<double>(), 3.23, 0.01);
}

TEST(NoiseDraws, LogitNormalIsLogNormalByAnotherName) {
  EXPECT_TRUE(torch::equal(draw("logit_normal", process_of("flow"), 100),
                           draw("log_normal", process_of("flow"), 100)));
}

TEST(NoiseDraws, EveryProcessDrawsInsideItsTrainingRange) {
  for (const std::string& type : process_names()) {
    const Process process = process_of(type);
    for (const std::string word : {"auto", "uniform_t", "log_uniform"}) {
      if (type == "edm" && word == std::string("auto")) continue;
      const Tensor sigma = draw(word, process, 500);
      EXPECT_GE(sigma.min().item<double>(), process.train_sigma_min() * (1 - 1e-9)) << type << word;
      EXPECT_LE(sigma.max().item<double>(), process.train_sigma_max() * (1 + 1e-9)) << type << word;
    }
  }
}

TEST(NoiseDraws, TableDrawsAreItsEntriesAllAlikeWhenStratified) {
  const Process ddpm = process_of("ddpm");
  EXPECT_TRUE(torch::equal(draw("auto", ddpm, 1000, true), ddpm.table()));
  EXPECT_THROW(draw("table", process_of("vp"), 3), Error);
  EXPECT_THROW(draw("normal", process_of("vp"), 3), Error);
}

TEST(Loss, WeightsInDSpaceAreTheTable) {
  const Tensor sigma = doubles({0.01, 0.5, 3, 60}), square = sigma.square();
  const auto in_d_space = [&](const std::string& word, Prediction kind, const std::string& type) {
    return loss_weight(word, kind, process_of(type), sigma) /
           preconditioning(kind, process_of(type), sigma).out.square();
  };
  EXPECT_LT(largest(in_d_space("unit", Prediction::kEps, "vp") * square - 1), 1e-9);
  EXPECT_LT(largest(in_d_space("unit", Prediction::kScore, "ve") * square - 1), 1e-9);
  EXPECT_LT(largest(in_d_space("unit", Prediction::kEdm, "edm") / ((square + 0.25) / (square * 0.25)) - 1),
            1e-9);
  EXPECT_LT(largest(in_d_space("unit", Prediction::kVelocity, "flow") / ((1 + sigma) / sigma).square() - 1),
            1e-9);
  EXPECT_LT(largest(in_d_space("snr", Prediction::kEdm, "edm") * square - 1), 1e-9);
  EXPECT_LT(largest(in_d_space("soft_min_snr", Prediction::kEdm, "edm") * (square + 0.25) - 1), 1e-9);
  EXPECT_LT(largest(in_d_space("x0", Prediction::kV, "vp") - 1), 1e-9);
  EXPECT_THROW(loss_weight("none", Prediction::kEps, process_of("vp"), sigma), Error);
}

TEST(Loss, IsTheWeightedErrorOfDForEveryPrediction) {
  const Tensor x = normals(1, {3, 2, 2}, 4), noise = normals(2, {3, 2, 2}, 4),
               sigma = doubles({0.01, 0.5, 3, 60});
  const NoisePredictor network = [](const Tensor& input, const Tensor& label) {
    return (input + over(label, input)).sin();
  };
  for (const std::string& type : process_names())
    for (const std::string& word : prediction_names()) {
      const Prediction kind = make_prediction(word);
      const Tensor loss = denoising_loss(network, kind, process_of(type), x, sigma, noise);
      const Denoiser D = preconditioned(network, kind, process_of(type), torch::kFloat64);
      const Tensor error = (D(x + over(sigma, x) * noise, sigma) - x).square().flatten(1).mean(1);
      const Tensor out = preconditioning(kind, process_of(type), sigma).out;
      EXPECT_EQ(loss.sizes(), at::IntArrayRef({4}));
      EXPECT_LT(largest(loss * out.square() / error - 1), 1e-6) << type << ", " << word;
    }
}

TEST(Loss, IsLeastForTheExactDenoiser) {
  // The loss of a scaled Gaussian denoiser has its minimum where the scale is 1.
  const GaussianWorld world;
  const Process process = process_of("edm");
  const Tensor x = world.mu + world.s * normals(3, {1}, 20000), noise = normals(4, {1}, 20000);
  const Tensor sigma = at::full({20000}, 0.8, torch::kFloat64);
  const auto loss_at = [&](double factor) {
    const NoisePredictor network = [&](const Tensor& input, const Tensor&) {
      const Preconditioning c = preconditioning(Prediction::kEdm, process, sigma);
      const Tensor xbar = input / over(c.in, input);
      return (factor * world.denoiser()(xbar, sigma) - over(c.skip, x) * xbar) / over(c.out, x);
    };
    return denoising_loss(network, Prediction::kEdm, process, x, sigma, noise).mean().item<double>();
  };
  EXPECT_LT(loss_at(1), loss_at(0.95));
  EXPECT_LT(loss_at(1), loss_at(1.05));
}

TEST(Loss, GradientsReachTheNetwork) {
  Tensor weight = torch::ones({1}, torch::requires_grad());
  const NoisePredictor network = [&](const Tensor& input, const Tensor&) { return input * weight; };
  const Tensor x = normals(1, {3}, 2).to(torch::kFloat32);
  denoising_loss(network, Prediction::kV, process_of("vp"), x, doubles({0.3, 2}), x).sum().backward();
  EXPECT_GT(largest(weight.grad()), 0);
}

}  // namespace
}  // namespace steer

// Samples that begin from others: every family, by its own share of noise.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/notice.h"
#include "steer/core/random.h"
#include "steer/models/ar_model.h"
#include "steer/models/diffusion_beginning.h"
#include "steer/models/small_models.h"
#include "steer/models/text_model.h"
#include "steer/testing/refusal.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

constexpr int64_t kBegun = 4;

DrawRequest request_from(const State& from, double noise, int64_t seed = 3) {
  DrawRequest request;
  request.seeds = sample_seeds(static_cast<uint64_t>(seed), kBegun);
  request.begin = {from, noise};
  return request;
}

State pictures(int64_t size, int64_t count = kBegun) {
  torch::manual_seed(4);
  return torch::rand({count, 1, size, size}) * 1.6 - 0.8;
}

double distance(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(Beginning, ADiffusionReturnsThePictureAtNoNoiseAndForgetsItAtAll) {
  const State from = pictures(8);
  for (const char* process : {"edm", "flow", "ddpm", "vp", "cosine"}) {
    const auto model = small_diffusion(process);
    const auto drawn = [&](double noise) { return model->draw(request_from(from, noise)).state.x; };
    EXPECT_LT(distance(drawn(0), from.x), 1e-6) << process;
    EXPECT_LT(distance(drawn(1), model->draw(request_from({}, 1)).state.x), 1e-12) << process;
    const Tensor little = drawn(0.01), more = drawn(0.2);
    EXPECT_LT((little - from.x).square().mean().item<double>(), 1e-3) << process;
    EXPECT_GT((more - from.x).square().mean().item<double>(),
              (little - from.x).square().mean().item<double>())
        << process;
    EXPECT_GT(distance(more, model->draw(request_from(from, 0.2, 50)).state.x), 1e-3) << process;  // by seed
  }
}

TEST(Beginning, StepsAskedAreStepsMadeAtEveryShareAndOnEveryGrid) {
  const State from = pictures(8);
  for (const char* process : {"edm", "flow", "ddpm", "cosine"}) {
    const auto model = small_diffusion(process);
    for (const std::string& grid : level_names())
      for (const double noise : {0.001, 0.01, 0.4, 0.97, 0.999}) {
        SamplerOptions sampler = model->sampler();
        sampler.levels = {};
        sampler.levels.type = grid, sampler.levels.steps = 5;
        const DiffusionStart start = start_of(*model, sampler, {from, noise}, sample_seeds(1, kBegun), {});
        ASSERT_EQ(start.levels.size(0), 6) << process << " " << grid << " " << noise;
        const Tensor levels = start.levels;
        EXPECT_TRUE((levels.slice(0, 0, -1) > levels.slice(0, 1)).all().item<bool>()) << grid << " " << noise;
        const double own = model->levels(sampler)[0].item<double>();
        EXPECT_NEAR(levels[0].item<double>(), std::min(noise / (1 - noise), own), 1e-6 * own)
            << process << " " << grid << " " << noise;
        EXPECT_EQ(levels[5].item<double>(), 0);
      }
  }
  // The network is asked as often.
  const auto model = small_diffusion("flow");
  const Json settings = {{"solver", "euler"}, {"steps", 5}};
  EXPECT_EQ(model->draw(request_from(from, 0.01), nullptr, settings).evaluations, 5);
}

TEST(Beginning, InversionFollowsTheExactFlowOfAGaussianAtSecondOrder) {
  // N(0, 0.3^2 I): the flow multiplies by sqrt(0.09 + sigma^2) / 0.3.
  const Denoiser exact = [](const Tensor& x, const Tensor& sigma) {
    return x * (0.09 / (0.09 + sigma.to(torch::kFloat64).square())).view({-1, 1, 1, 1});
  };
  torch::manual_seed(5);
  const Tensor x0 = torch::randn({3, 1, 4, 4}, torch::kFloat64) * 0.3;
  const auto error = [&](int64_t steps) {
    LevelOptions options;
    options.steps = steps, options.sigma_min = 1e-4, options.sigma_max = 40;
    const Tensor levels = make_levels(options, Process(ProcessOptions()));
    const double top = levels[0].item<double>();
    return distance(inverted(exact, x0, levels) / top, x0 * (std::sqrt(0.09 + top * top) / 0.3) / top);
  };
  EXPECT_LT(error(40), 0.02);
  EXPECT_NEAR(error(40) / error(80), 4, 0.8);
}

TEST(Beginning, WhatIsInvertedComesBackAtEveryShareAndSeed) {
  const State from = pictures(8);
  for (const char* process : {"edm", "flow", "ddpm"}) {
    const auto model = small_diffusion(process);
    const auto drawn = [&](double noise, int64_t steps, int64_t seed, const Json& more = Json::object()) {
      DrawRequest request = request_from(from, noise, seed);
      request.begin.inverted = true;
      Json settings = {{"solver", "heun"}, {"steps", steps}};
      settings.update(more);
      return model->draw(request, nullptr, settings);
    };
    const auto psnr = [&](const Tensor& x) {
      return 10 * std::log10(4 / (x - from.x).square().mean().item<double>());
    };
    EXPECT_GT(psnr(drawn(1, 200, 3).state.x), 35) << process;
    const Tensor some = drawn(0.4, 40, 3).state.x;
    EXPECT_GT(psnr(some), 35) << process;
    EXPECT_LT(distance(some, drawn(0.4, 40, 50).state.x), 1e-4) << process;
    EXPECT_EQ(drawn(1, 5, 3).evaluations, 9 + 9) << "heun there and back";
    if (std::string(process) != "flow") continue;
    std::string said;
    const NoticesTo taker([&](const std::string& line) { said += line; });
    drawn(1, 5, 3, {{"solver", "ddim"}, {"eta", 1}});
    EXPECT_NE(said.find("--eta 0"), std::string::npos);
  }
  DrawRequest request = request_from(pictures(8), 0.5);
  request.begin.inverted = true;
  const auto ddn = small_ddn("pyramid");
  EXPECT_NE(refusal([&] { ddn->draw(request); }).find("expected no inversion"), std::string::npos);
}

TEST(Beginning, BetweenTwoNoisesLengthsStay) {
  torch::manual_seed(2);
  const Tensor a = torch::randn({1, 16, 16}, torch::kFloat64), b = torch::randn({1, 16, 16}, torch::kFloat64);
  EXPECT_LT(distance(between(a, b, 0), a), 1e-12);
  EXPECT_LT(distance(between(a, b, 1), b), 1e-12);
  const Tensor half = between(a, b, 0.5);
  EXPECT_NEAR(half.norm().item<double>(), (a.norm() + b.norm()).item<double>() / 2, 0.7);
  EXPECT_LT(((a + b) / 2).norm().item<double>(), 0.8 * half.norm().item<double>());
  EXPECT_LT(distance(between(a, a, 0.3), a), 1e-12);
  // Quarters are a quarter of the angle apart.
  const Tensor unit = a / a.norm(),
               other = (b - (unit * b).sum() * unit).div((b - (unit * b).sum() * unit).norm());
  EXPECT_NEAR((between(unit, other, 0.25) * unit).sum().item<double>(), std::cos(M_PI / 8), 1e-9);
}

TEST(Beginning, ADdnKeepsTheFirstLayersOfThePicturesCode) {
  for (const char* network : {"pyramid", "recurrent"}) {
    const auto model = small_ddn(network);
    const State from = pictures(model->space().sizes[1]);
    const Tensor code = model->encode(from).code;
    const int64_t depth = code.size(1);
    for (const int64_t kept : {depth - 1, depth / 2, int64_t{0}}) {
      const double noise = 1 - static_cast<double>(kept) / static_cast<double>(depth);
      const Samples made = model->draw(request_from(from, noise));
      EXPECT_TRUE(torch::equal(made.code.narrow(1, 0, kept), code.narrow(1, 0, kept))) << network << kept;
      EXPECT_TRUE(kept + 1 >= depth || !torch::equal(made.code, code)) << network << kept;
    }
    EXPECT_LT(distance(model->draw(request_from(from, 0)).state.x, from.x), 1e-6);
    EXPECT_TRUE(torch::equal(model->draw(request_from(from, 1)).code, model->draw(request_from({}, 1)).code));
  }
}

TEST(Beginning, TextsKeepAllButAShareOfTheirTokens) {
  const Json text = {{"alphabet", text_space(Tokenizer::characters("abcdefgh"), 1).alphabet}, {"length", 20}};
  const Json transformer = {{"width", 16}, {"blocks", 1}, {"heads", 2}, {"condition", 8}};
  torch::manual_seed(4);
  State from;
  from.token = torch::randint(0, 8, {kBegun, 20}, torch::kInt64);
  for (const char* family : {"text", "ar"}) {
    const auto model = generator_of(make_model(family, {{"transformer", transformer}, {"text", text}}, 3));
    for (const double noise : {0.0, 0.25, 0.6, 1.0}) {
      const Tensor same = model->draw(request_from(from, noise)).state.token == from.token;
      const auto kept = static_cast<int64_t>(std::llround((1 - noise) * 20));
      EXPECT_GE(same.sum(1).min().item<int64_t>(), kept) << family << noise;
      EXPECT_EQ(same.all().item<bool>(), noise == 0) << family << noise;
      EXPECT_TRUE(std::string(family) != "ar" || same.narrow(1, 0, kept).all().item<bool>()) << noise;
    }
  }
}

TEST(Beginning, RefusesWhatDoesNotFit) {
  const auto model = small_diffusion("flow");
  const auto refused = [&](const State& from, double noise) {
    return refusal([&] { model->draw(request_from(from, noise)); });
  };
  EXPECT_NE(refused(pictures(8), 1.5).find("noise: expected a share from 0 to 1 but got 1.5"),
            std::string::npos);
  EXPECT_NE(refused(pictures(8, 3), 0.5).find("from: expected 4 samples"), std::string::npos);
  EXPECT_NE(refused(pictures(6), 0.5).find("from: expected 4 samples"), std::string::npos);
}

}  // namespace
}  // namespace steer

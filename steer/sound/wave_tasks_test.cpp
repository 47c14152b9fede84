#include "steer/sound/wave_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/pi.h"
#include "steer/sound/small_sounds.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/wave_space.h"
#include "steer/sound/wave_words.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

Tensor noise_waves(int64_t rows, int64_t samples) {
  torch::manual_seed(3);
  return torch::randn({rows, 1, 1, samples}, torch::kFloat64) * 0.2;
}

// The orthonormal DCT-II as a matrix, row k being coefficient k.
Tensor cosines(int64_t n) {
  const Tensor k = at::arange(n, torch::kFloat64).unsqueeze(1), i = at::arange(n, torch::kFloat64);
  const Tensor matrix =
      (kPi * k * (i + 0.5) / static_cast<double>(n)).cos() * std::sqrt(2.0 / static_cast<double>(n));
  matrix[0].mul_(std::sqrt(0.5));
  return matrix;
}

TEST(LowPassed, IsTheProjectionOntoTheFirstCosines) {
  const Tensor x = noise_waves(2, 40), first = cosines(40).narrow(0, 0, 11);  // up to k / 80 = 0.125
  const Tensor wanted = x.matmul(first.t()).matmul(first);
  EXPECT_LT((low_passed(x, 0.125) - wanted).abs().max().item<double>(), 1e-12);
  EXPECT_LT((low_passed(wanted, 0.125) - wanted).abs().max().item<double>(), 1e-12);
  EXPECT_TRUE(torch::equal(low_passed(x, 0.5), x));
}

TEST(Bandwidth, TheAdjointBelongsToTheMap) {
  const Tensor x = noise_waves(2, 64), y = noise_waves(2, 64).flip(-1);
  const LinearMap map = bandwidth(x, 1000, 8000, 0.1).measurement.map;
  const Tensor there = (map.measure(x) * y).sum(), back = (x * map.adjoint(y, {1, 1, 64})).sum();
  EXPECT_NEAR(there.item<double>(), back.item<double>(), 1e-12);
}

TEST(Bandwidth, KeepsLowSinesAndLosesHighOnes) {
  const Tensor low = sine_sound(200, 0.5, 8000, 4096).samples.view({1, 1, 1, -1}),
               high = sine_sound(3000, 0.5, 8000, 4096).samples.view({1, 1, 1, -1});
  const Tensor left = bandwidth(low + high, 1000, 8000, 0.1).measurement.y;
  EXPECT_LT((left - low).narrow(3, 200, 3600).abs().max().item<double>(), 2e-3);
}

TEST(Bandwidth, ScoresOnlyWhatItKnows) {
  const Tensor x = noise_waves(1, 64);
  const LinearObjective objective(bandwidth(x, 1000, 8000, 0.1), "bandwidth()");
  const Tensor above = x - low_passed(x, 0.125);
  EXPECT_NEAR(objective.score(State(x + 3 * above)).item<double>(), 0, 1e-12);
  // A change along one known cosine costs its square over twice the variance.
  const Tensor cosine = cosines(64)[5].view({1, 1, 1, -1});
  EXPECT_NEAR(objective.score(State(x + 0.2 * cosine)).item<double>(), -0.04 / 0.02, 1e-9);
}

Clipped small_clip() {
  const Tensor truth = torch::tensor({0.1, 0.5, -0.6, -0.2, 0.3}, torch::kFloat64).view({1, 1, 1, 5});
  return clipped(truth, at::full({1, 1, 1, 1}, 0.3, torch::kFloat64));
}

TEST(DeclipWave, KnowsSamplesInsideAndOnWhichSideOthersLie) {
  const Clipped clip = small_clip();
  const auto row = [](std::vector<double> values) {
    return torch::tensor(values, torch::kFloat64).view({1, 1, 1, 5});
  };
  EXPECT_TRUE(torch::allclose(clip.y, row({0.1, 0.3, -0.3, -0.2, 0.3})));
  EXPECT_TRUE(torch::equal(clip.high, row({0, 1, -1, 0, 1})));
  const DeclipObjective objective(clip, 0.1, "declip_wave()");
  const auto score = [&](std::vector<double> values) {
    return objective.score(State(row(std::move(values)))).item<double>();
  };
  // Anything beyond the level is as good as anything else there.
  EXPECT_NEAR(score({0.1, 0.3, -0.3, -0.2, 0.3}), 0, 1e-12);
  EXPECT_NEAR(score({0.1, 0.9, -2, -0.2, 0.4}), 0, 1e-12);
  EXPECT_NEAR(score({0.1, 0.2, -2, -0.2, 0.4}), -0.01 / 0.02, 1e-9);
  EXPECT_NEAR(score({0.1, 0.9, 0.1, -0.2, 0.4}), -0.16 / 0.02, 1e-9);
  EXPECT_NEAR(score({0.2, 0.9, -2, 0.9, 0.4}), -(0.01 + 1.21) / 0.02, 1e-9);
  EXPECT_TRUE(objective.linear().empty());
}

TEST(DeclipWave, ItsGradientLeadsBeyondTheLevel) {
  const DeclipObjective objective(small_clip(), 0.1, "declip_wave()");
  const Tensor x = torch::zeros({1, 1, 1, 5}, torch::kFloat64).requires_grad_(true);
  objective.score(State(x)).sum().backward();
  const Tensor wanted = torch::tensor({10, 30, -30, -20, 30}, torch::kFloat64).view({1, 1, 1, 5});
  EXPECT_TRUE(torch::allclose(x.grad(), wanted));
}

std::unique_ptr<Objective> wave_objective(const std::string& words, const ObjectiveContext& context) {
  Vocabulary vocabulary;
  for (const Word& word : wave_words()) vocabulary.push_back(&word);
  return objective_of(words, vocabulary, context);
}

TEST(WaveWords, OfTheTruthNothingIsLost) {
  ObjectiveContext context;
  context.space = wave_space(8000, 1000, {0.5});
  context.truth =
      as_waves(context.space, {sine_sound(440, 0.3, 8000, 1000), sine_sound(700, 0.1, 8000, 1000)}).x;
  for (const char* words : {"inpaint(begin=0.05, end=0.06)", "declip_wave(threshold=0.4)",
                            "bandwidth(hz=1000)", "declip_wave(threshold=0.4, bound=false)"}) {
    const auto objective = wave_objective(words, context);
    EXPECT_EQ(objective->targets(), 2) << words;
    EXPECT_NEAR(objective->score(State(context.truth)).abs().max().item<double>(), 0, 1e-4) << words;
    EXPECT_LT(objective->score(State(context.truth * 0.5)).max().item<double>(), -1) << words;
  }
  EXPECT_EQ(wave_objective("inpaint(begin=0.05, end=0.06)", context)->hidden().sum().item<double>(), 80);
  EXPECT_TRUE(wave_objective("declip_wave()", context)->linear().empty());
  EXPECT_EQ(wave_objective("declip_wave(bound=false)", context)->linear().size(), 1U);
  // Two thirds of a sine lie beyond half its peak.
  EXPECT_NEAR(wave_objective("declip_wave(threshold=0.5)", context)->hidden().mean().item<double>(), 2.0 / 3,
              0.01);
}

TEST(WaveWords, DenoisingGetsItsNoise) {
  ObjectiveContext context;
  context.space = wave_space(8000, 4000);
  context.truth = at::zeros({1, 1, 1, 4000});
  const Tensor noisy = wave_objective("denoise(noise=0.2)", context)->degraded();
  EXPECT_NEAR(noisy.square().mean().item<double>(), 0.04, 0.004);
}

TEST(WaveWords, AClippedFileGetsRoomAbove) {
  const TemporaryFolder folder;
  Sound sound = sine_sound(440, 2, 8000, 1000);
  sound.samples.clamp_(-1, 1);
  const std::string path = folder.put("loud.wav", encode_sound(sound, "loud.wav").bytes);
  ObjectiveContext context;
  context.space = wave_space(8000, 1000, {0.8});
  const auto objective = wave_objective("declip_wave('" + path + "', threshold=0.5, clipped=true)", context);
  // A sine is beyond half its peak two thirds of the time; it is clipped at half of 0.8.
  EXPECT_NEAR(objective->hidden().mean().item<double>(), 2.0 / 3, 0.01);
  EXPECT_NEAR(objective->degraded().max().item<double>(), 0.4, 1e-3);
  const Tensor whole = sine_sound(440, 0.8, 8000, 1000).samples.view({1, 1, 1, -1});
  EXPECT_GT(objective->score(State(whole)).item<double>(), -0.05);
}

TEST(WaveWords, RefuseWhatCannotBe) {
  ObjectiveContext context;
  context.space = wave_space(8000, 1000);
  context.truth = sine_sound(440, 0.3, 8000, 1000).samples.view({1, 1, 1, -1});
  const auto refused = [&](const std::string& words) {
    return refusal([&] { wave_objective(words, context); });
  };
  EXPECT_THAT(refused("inpaint(begin=0.2, end=0.1)"), HasSubstr("expected begin before end"));
  EXPECT_THAT(refused("inpaint(begin=9, end=10)"), HasSubstr("of the first 0.125 seconds"));
  EXPECT_THAT(refused("inpaint(begin=0, end=1)"), HasSubstr("all is hidden"));
  EXPECT_THAT(refused("bandwidth(hz=4000)"), HasSubstr("half the rate"));
  EXPECT_THAT(refused("declip_wave(threshold=2)"), HasSubstr("threshold"));
  context.truth = at::zeros({1, 1, 1, 1000});
  EXPECT_THAT(refused("declip_wave()"), HasSubstr("got silence"));
}

}  // namespace
}  // namespace steer

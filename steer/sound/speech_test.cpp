#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/sound/mel_space.h"
#include "steer/sound/small_hearing.h"
#include "steer/sound/speech_network.h"
#include "steer/sound/speech_objective.h"
#include "steer/sound/wave_space.h"
#include "steer/sound/wave_words.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

Checkpoint speech_file() {
  SmallNoise noise;
  return small_speech_file(noise);
}

SpeechNetwork speech_of(const Checkpoint& file) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "speech.safetensors", file);
  return SpeechNetwork(folder / "speech.safetensors");
}

Tensor sound(int64_t count, int64_t samples) {
  return congruential_noise(1, count * samples).view({count, samples}) * 0.3;
}

// Part after part, by PyTorch's own layers: what the published program does with a sound.
Tensor heard_part_by_part(Checkpoint file, const Tensor& whole) {
  std::map<std::string, Tensor>& w = file.tensors;
  torch::nn::LSTMCell memory(torch::nn::LSTMCellOptions(5, 3));
  const torch::NoGradGuard no_gradients;
  memory->weight_ih.copy_(w["memory.weight_ih"]), memory->weight_hh.copy_(w["memory.weight_hh"]);
  memory->bias_ih.copy_(w["memory.bias_ih"]), memory->bias_hh.copy_(w["memory.bias_hh"]);
  std::tuple<Tensor, Tensor> state = {torch::zeros({1, 3}), torch::zeros({1, 3})};
  std::vector<Tensor> all;
  const Tensor padded = torch::constant_pad_nd(whole, {64, (512 - whole.size(1) % 512) % 512});
  for (int64_t at = 64; at < padded.size(1); at += 512) {
    Tensor x = padded.narrow(1, at - 64, 576);
    x = torch::cat({x, x.narrow(1, 511, 64).flip(1)}, 1).unsqueeze(1);
    x = torch::conv1d(x, w["transform"], {}, 128);
    x = (x.narrow(1, 0, 129).square() + x.narrow(1, 129, 129).square()).sqrt();
    const int64_t strides[] = {1, 2, 2, 1};
    for (int i = 0; i < 4; ++i)
      x = torch::relu(torch::conv1d(x, w[joined(i, ".weight")], w[joined(i, ".bias")], strides[i], 1));
    state = memory->forward(x.squeeze(2), state);
    all.push_back(torch::linear(torch::relu(std::get<0>(state)), w["speech.weight"], w["speech.bias"]));
  }
  return torch::cat(all, 1);
}

TEST(SpeechNetwork, HearsSoundsAsPartAfterPartOfThem) {
  const Checkpoint file = speech_file();
  const SpeechNetwork network = speech_of(file);
  for (const int64_t samples : {512, 1536, 1700, 100}) {
    const Tensor x = sound(2, samples), logits = network.of_sounds(x);
    ASSERT_EQ(logits.size(1), (samples + 511) / 512);
    for (int64_t i = 0; i < 2; ++i)
      EXPECT_TRUE(
          torch::allclose(logits.narrow(0, i, 1), heard_part_by_part(file, x.narrow(0, i, 1)), 1e-4, 1e-5))
          << samples;
  }
  EXPECT_GT(network.of_sounds(sound(2, 4096)).std().item<double>(), 1e-3);
}

TEST(SpeechNetwork, SilenceHasAGradientAndDifferencesAgree) {
  const SpeechNetwork network = speech_of(speech_file());
  const Tensor silence = torch::zeros({1, 1024}).requires_grad_(true);
  network.of_sounds(silence).sum().backward();
  EXPECT_TRUE(silence.grad().isfinite().all().item<bool>());
  const Tensor x = sound(1, 1024).requires_grad_(true), toward = sound(2, 1024).narrow(0, 1, 1);
  network.of_sounds(x).sum().backward();
  const double slope = (x.grad() * toward).sum().item<double>(), step = 1e-3;
  const torch::NoGradGuard no_gradients;
  const auto sum = [&](double far) { return network.of_sounds(x + far * toward).sum().item<double>(); };
  EXPECT_NEAR((sum(step) - sum(-step)) / (2 * step), slope, 0.05 * std::abs(slope) + 1e-4);
}

TEST(SpeechNetwork, RefusesOtherFilesAndShapes) {
  Checkpoint other = speech_file();
  other.tensors["2.weight"] = torch::zeros({4, 5, 3});
  EXPECT_THAT(refusal([&] { speech_of(other); }), HasSubstr("2.weight"));
  other = speech_file();
  other.tensors["more"] = torch::zeros({1});
  EXPECT_THAT(refusal([&] { speech_of(other); }), HasSubstr("expected 15 tensors but got 16"));
  other = speech_file();
  other.tensors["speech.bias"][0] = NAN;
  EXPECT_THAT(refusal([&] { speech_of(other); }), HasSubstr("speech.bias"));
  const SpeechNetwork network = speech_of(speech_file());
  EXPECT_THAT(refusal([&] { network.logits(torch::zeros({1, 5, 129})); }), HasSubstr("expected spectra"));
  EXPECT_THAT(refusal([&] { network.of_sounds(torch::zeros({5})); }), HasSubstr("expected sounds"));
}

TEST(Speech, ScoresAreTheLikelihoodOfWhereItIsWanted) {
  const SpeechNetwork network = speech_of(speech_file());
  const Space space = wave_space(16000, 2048);
  const Tensor x = sound(2, 2048), p = network.of_sounds(x).sigmoid();
  const auto some = speech_objective(space, network, 0.03, 0.09, "speech()", torch::kCPU);
  // Middles lie at 16, 48, 80 and 112 ms.
  const Tensor wanted =
      (1 - p.select(1, 0)).log() + p.select(1, 1).log() + p.select(1, 2).log() + (1 - p.select(1, 3)).log();
  EXPECT_TRUE(torch::allclose(some->score(State(x.view({2, 1, 1, -1}))), wanted, 1e-4, 1e-5));
  EXPECT_THAT(refusal([&] { speech_objective(space, network, 0.2, 0.3, "", torch::kCPU); }),
              HasSubstr("got none from 0.2 to 0.3 of 0.128 seconds"));
}

TEST(Speech, SoundsOfAnotherRateAreHeardAsTheyAre) {
  const SpeechNetwork network = speech_of(speech_file());
  // A tone of whole periods at 8 kHz is the same tone at 16 kHz.
  const auto tone = [](int64_t samples, double rate) {
    return 0.5 *
           torch::sin(torch::arange(samples, torch::kFloat64) * (2 * M_PI * 500 / rate)).to(torch::kFloat32);
  };
  const auto at_8k = speech_objective(wave_space(8000, 1024), network, 0, 1, "", torch::kCPU);
  const auto at_16k = speech_objective(wave_space(16000, 2048), network, 0, 1, "", torch::kCPU);
  EXPECT_NEAR(at_8k->score(State(tone(1024, 8000).view({1, 1, 1, -1}))).item<double>(),
              at_16k->score(State(tone(2048, 16000).view({1, 1, 1, -1}))).item<double>(), 1e-3);
}

TEST(Speech, SpectrogramsPullTowardIt) {
  const SpeechNetwork network = speech_of(speech_file());
  MelOptions options;
  options.rate = 8000;
  const Space space = mel_space(options, 64);
  const auto objective = speech_objective(space, network, 0.1, 0.3, "speech()", torch::kCPU);
  const Tensor x = (0.3 * congruential_noise(1, 2 * options.bands * 64).view({2, 1, options.bands, 64}))
                       .requires_grad_(true);
  const Tensor before = objective->score(State(x));
  before.sum().backward();
  ASSERT_GT(x.grad().abs().max().item<double>(), 0);
  const torch::NoGradGuard no_gradients;
  const Tensor after = objective->score(State(x + 0.01 * x.grad() / x.grad().abs().max()));
  EXPECT_GT(after.sum().item<double>(), before.sum().item<double>());
}

}  // namespace
}  // namespace steer

#include "steer/sound/mel_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/pi.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

Space small_mels() {
  return mel_space(usual_mel_options(8000, 32), 32);
}

Sound tone(double hz, int64_t rate, double seconds) {
  const auto frames = static_cast<int64_t>(seconds * static_cast<double>(rate));
  const Tensor t = at::arange(frames, torch::kFloat64) / static_cast<double>(rate);
  return {(0.5 * (2 * kPi * hz * t).sin()).to(torch::kFloat32).unsqueeze(0), rate};
}

// The row in which a spectrogram is loudest.
int64_t loudest_row(const Tensor& mel) {
  return mel.mean({0, 2}).argmax().item<int64_t>();
}

TEST(MelSpace, HoldsWhatItsBandsAre) {
  const MelOptions options = usual_mel_options(8000, 32);
  EXPECT_EQ(options.hop, 64);
  EXPECT_EQ(options.window, 512);
  const Space space = small_mels();
  EXPECT_EQ(space.sizes, (std::vector<int64_t>{1, 32, 32}));
  EXPECT_EQ(space.rate_hz, 8000);
  const MelOptions read = mel_options_of(space);
  EXPECT_EQ(read.rate, 8000);
  EXPECT_EQ(read.hop, 64);
  EXPECT_EQ(read.padding, "constant");
  EXPECT_EQ(sound_samples(space), 2047);
  Space other = space;
  other.alphabet = "loud";
  EXPECT_THAT(refusal([&] { mel_options_of(other); }), HasSubstr("how its bands were made"));
  other = space, other.kind = "image";
  EXPECT_THAT(refusal([&] { mel_options_of(other); }), HasSubstr("expected spectrograms"));
}

TEST(MelSpace, SoundsOfAnyRateAndLengthAreSpectrograms) {
  const Space space = small_mels();
  const Sound low = tone(300, 8000, 0.5), same = tone(300, 16000, 0.1), high = tone(2500, 8000, 0.2);
  const Sound silence{torch::zeros({2, 10}), 8000};
  const Tensor x = as_mels(space, {low, same, high, silence}).x;
  EXPECT_EQ(x.sizes(), (std::vector<int64_t>{4, 1, 32, 32}));
  EXPECT_LE(x.abs().max().item<double>(), 1);
  EXPECT_EQ(x[0].max().item<double>(), 1);  // levels are relative to the loudest
  EXPECT_EQ(loudest_row(x[0]), loudest_row(x[1].narrow(2, 0, 8)));
  EXPECT_GT(loudest_row(x[2].narrow(2, 0, 16)), loudest_row(x[0]) + 5);
  // What is shorter ends in silence.
  EXPECT_EQ(x[1].narrow(2, 24, 8).max().item<double>(), -1);
  EXPECT_TRUE((x[3] == -1).all().item<bool>());
}

TEST(MelSpace, SpectrogramsAreHeardAgain) {
  const Space space = small_mels();
  const State mels = as_mels(space, {tone(700, 8000, 0.3), Sound{torch::zeros({1, 100}), 8000}});
  const std::vector<Sound> sounds = sounds_of(space, mels);
  ASSERT_EQ(sounds.size(), 2);
  EXPECT_EQ(sounds[0].frames(), 2047);
  EXPECT_EQ(sounds[0].rate, 8000);
  EXPECT_NEAR(sounds[0].samples.abs().max().item<double>(), 0.9, 1e-5);
  EXPECT_EQ(sounds[1].samples.abs().max().item<double>(), 0);
  EXPECT_EQ(loudest_row(as_mels(space, {sounds[0]}).x[0]), loudest_row(mels.x[0]));
}

}  // namespace
}  // namespace steer

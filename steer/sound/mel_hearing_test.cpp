#include "steer/sound/mel_hearing.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/pi.h"
#include "steer/sound/mel.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/resample.h"
#include "steer/sound/test_signals.h"

namespace steer {
namespace {

// Eleven harmonics that fall off as 1 / n, their phases in no order.
Sound harmonics(double hz, int64_t rate) {
  const Tensor t = torch::arange(rate / 2, torch::kFloat64) / static_cast<double>(rate);
  Tensor sum = torch::zeros_like(t);
  for (int n = 1; n <= 11; ++n) sum += (2 * kPi * hz * n * t + 1.7 * n * n).sin() / n;
  return {(0.2 * sum).to(torch::kFloat32).unsqueeze(0), rate};
}

Space usual_mels() {
  return mel_space(usual_mel_options(8000, 64), 64);
}

TEST(MelHearing, PulsesComeAtThePitch) {
  const Space space = usual_mels();
  const MelHearing hearing(space);
  for (const double hz : {130.0, 200.0, 310.0}) {
    const Tensor mel = as_mels(space, {harmonics(hz, 8000)}).x.narrow(3, 20, 1);
    const Tensor frame = hearing.pulses(hearing.spectra(mel), 1024, 16000)[0].to(torch::kFloat64);
    EXPECT_EQ(frame.argmax().item<int64_t>(), 512);
    // The next pulse: where the frame is greatest at least 1.5 ms later.
    const auto later = 24 + frame.narrow(0, 512 + 24, 300).argmax().item<int64_t>();
    EXPECT_NEAR(16000.0 / static_cast<double>(later), hz, 0.04 * hz) << hz;
  }
}

TEST(MelHearing, SharpSpectraHaveTheBandsThatWereGiven) {
  const Space space = usual_mels();
  const MelHearing hearing(space);
  const Tensor mel = as_mels(space, {harmonics(200, 8000)}).x.narrow(3, 20, 8);
  const Tensor bands =
      torch::matmul(hearing.spectra(mel), mel_filters(mel_options_of(space)).to(torch::kFloat32).t());
  const Tensor wanted = power_of_levels((mel - 1) * 40).squeeze(1).transpose(1, 2).flatten(0, 1);
  EXPECT_LT((bands - wanted).norm().item<double>(), 0.05 * wanted.norm().item<double>());
}

TEST(MelHearing, BandsAreNearlyThoseOfTheSoundItself) {
  const Space space = usual_mels();
  const Sound sound = harmonics(170, 8000), fast = resampled(sound, 16000);
  const double power = 1e-3, mean = fast.samples.square().mean().item<double>();
  MelOptions options;
  options.rate = 16000, options.window = 400, options.hop = 160, options.bands = 40,
  options.padding = "constant";
  const Tensor truth = MelSpectrogram(options).forward(fast.samples * std::sqrt(power / mean)),
               made = MelHearing(space).bands(as_mels(space, {sound}).x, 16000, 400, 160, 40, power);
  EXPECT_EQ(made.sizes(), (std::vector<int64_t>{1, 51, 40}));
  // Of the middle, in decibels, where there is power; nothing above 4 kHz.
  const Tensor ours = made[0].narrow(0, 10, 25).mean(0), theirs = truth[0].narrow(1, 10, 25).mean(1);
  EXPECT_LT((ours / theirs).narrow(0, 2, 18).log10().abs().max().item<double>() * 10, 3.5);
  EXPECT_NEAR((ours.sum() / theirs.sum()).item<double>(), 1, 0.25);
  EXPECT_LT(ours.narrow(0, 34, 6).max().item<double>(), 1e-6 * ours.max().item<double>());
}

TEST(MelHearing, HasAGradientEverywhere) {
  const Space space = usual_mels();
  const MelHearing hearing(space);
  torch::manual_seed(1);
  const Tensor mels =
      torch::cat({torch::randn({1, 1, 64, 4}), -torch::ones({1, 1, 64, 4})}).requires_grad_(true);
  const Tensor spectra = hearing.spectra(mels);
  (hearing.pulses(spectra, 64, 16000).square().sum() + hearing.bands(mels, 16000, 400, 160, 40, 1e-3).sum())
      .backward();
  EXPECT_TRUE(mels.grad().isfinite().all().item<bool>());
  EXPECT_GT(mels.grad()[0].abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace steer

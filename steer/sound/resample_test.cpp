#include "steer/sound/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "steer/sound/small_sounds.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// The complex amplitude of a frequency in a sound's middle, by a Hann window; that of a sine is its own.
std::complex<double> amplitude_at(const Sound& sound, double hz, int64_t begin, int64_t count) {
  std::complex<double> sum = 0;
  double weights = 0;
  const Tensor samples = sound.samples[0].contiguous();
  for (int64_t i = 0; i < count; ++i) {
    const double weight = 1 - std::cos(2 * kPi * (static_cast<double>(i) + 0.5) / static_cast<double>(count));
    const double phase = -2 * kPi * hz * static_cast<double>(begin + i) / static_cast<double>(sound.rate);
    sum += weight * static_cast<double>(samples.data_ptr<float>()[begin + i]) * std::polar(1.0, phase);
    weights += weight;
  }
  return 2.0 * sum / weights;
}

double decibels(double ratio) {
  return 20 * std::log10(ratio);
}

// The level of the middle, without what lies near the ends, beside that of a sine of this amplitude.
double level_beside(const Sound& sound, double amplitude) {
  const int64_t begin = sound.frames() / 8;
  const Tensor middle = sound.samples.narrow(1, begin, sound.frames() - 2 * begin);
  return decibels(std::sqrt(2 * middle.square().mean().item<double>()) / amplitude);
}

struct RateChange {
  int64_t from, to;
};

const std::vector<RateChange> kRateChanges = {{44100, 22050}, {22050, 44100}, {44100, 48000}, {8000, 22050},
                                              {22050, 8000},  {16000, 8000},  {8000, 192000}, {44101, 7993}};

TEST(Resample, ATonesFrequencyLevelAndPhaseStay) {
  for (const auto [from, to] : kRateChanges) {
    const Sound after = resampled(sine_sound(440, 0.5, from, 2 * from), to);
    EXPECT_EQ(after.rate, to);
    EXPECT_EQ(after.frames(), 2 * to);
    // The phases of two quarters of a second, half a second apart, tell the frequency.
    const int64_t quarter = to / 4;
    const std::complex<double> one = amplitude_at(after, 440, 2 * quarter, quarter);
    const std::complex<double> two = amplitude_at(after, 440, 4 * quarter, quarter);
    const double seconds = 2.0 * static_cast<double>(quarter) / static_cast<double>(to);
    EXPECT_LT(std::abs(std::arg(two / one)) / (2 * kPi * seconds), 1e-3) << from << " " << to;
    EXPECT_LT(std::abs(decibels(std::abs(one) / 0.5)), 0.01) << from << " " << to;
    EXPECT_LT(std::abs(std::arg(one) + kPi / 2), 1e-3) << from << " " << to;
  }
}

TEST(Resample, WhatTheNewRateCannotHoldIsGone) {
  for (const auto [from, to] : kRateChanges)
    if (to < from)
      for (const double share : {0.505, 0.55, 0.6, 0.75, 0.9, 0.97}) {
        const double hz = share * static_cast<double>(to);
        if (hz > 0.49 * static_cast<double>(from)) continue;
        EXPECT_LT(level_beside(resampled(sine_sound(hz, 0.5, from, from), to), 0.5), -90)
            << from << " " << to << " " << hz;
      }
}

TEST(Resample, WhatBothRatesHoldStays) {
  for (const auto [from, to] : kRateChanges) {
    const double hz = 0.45 * static_cast<double>(std::min(from, to));
    EXPECT_LT(std::abs(level_beside(resampled(sine_sound(hz, 0.5, from, from), to), 0.5)), 0.01)
        << from << " " << to;
  }
}

TEST(Resample, ImagesAboveTheOldRateAreGone) {
  const Sound up = resampled(sine_sound(3000, 0.5, 8000, 8000), 32000);
  for (const double hz : {5000.0, 11000.0, 13000.0})
    EXPECT_LT(decibels(std::abs(amplitude_at(up, hz, 8000, 16000)) / 0.5), -90) << hz;
}

TEST(Resample, KeepsASoundAtItsOwnRateBitForBit) {
  const Sound noise{at::rand({2, 1000}).mul(4).sub(2), 22050};
  EXPECT_TRUE(resampled(noise, 22050).samples.equal(noise.samples));
}

TEST(Resample, LengthsAreRounded) {
  for (const auto [from, to] : kRateChanges)
    for (int64_t frames = 1; frames < 60; ++frames) {
      const auto expected = static_cast<int64_t>(
          std::floor(static_cast<double>(frames * to) / static_cast<double>(from) + 0.5));
      if (expected == 0) continue;
      EXPECT_EQ(resampled({at::ones({1, frames}), from}, to).frames(), expected) << from << " " << to;
    }
}

TEST(Resample, EachChannelIsByItself) {
  const Sound left = sine_sound(300, 0.5, 8000, 4000), right = sine_sound(700, 0.2, 8000, 4000);
  const Sound both = resampled({at::cat({left.samples, right.samples}), 8000}, 11025);
  EXPECT_TRUE(both.samples[0].equal(resampled(left, 11025).samples[0]));
  EXPECT_TRUE(both.samples[1].equal(resampled(right, 11025).samples[0]));
}

TEST(Resample, RefusesRatesTooFarApart) {
  const Sound tone = sine_sound(440, 0.5, 8000, 100);
  EXPECT_EQ(refusal([&] { resampled(tone, 31); }),
            "[resampled] expected a rate of 1/256 to 256 times 8000 Hz but got 31 Hz");
  EXPECT_NE(refusal([&] { resampled(tone, 0); }), "accepted");
  EXPECT_NE(refusal([&] { resampled(tone, 8000 * 257); }), "accepted");
  EXPECT_EQ(
      refusal([&] {
        resampled({at::zeros({1, 1}), 8000}, 3000);
      }),
      "[resampled] expected 1 to 536870912 samples at 3000 Hz but they would be 0 in each of 1 channels");
}

}  // namespace
}  // namespace steer

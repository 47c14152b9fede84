#include "steer/sound/spectrogram_picture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/sound/small_sounds.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// A picture's parts in the shape of these options: grey, as light as the sum of colours.
Tensor spectrogram_part(const Tensor& picture, const SpectrogramPictureOptions& options) {
  return picture.sum(0).narrow(0, picture.size(1) - options.height, options.height);
}

// L* of a colour in [-1, 1] (CIE 15; sRGB, IEC 61966-2-1).
double lightness(const Tensor& colour) {
  const double weights[] = {0.2126, 0.7152, 0.0722};
  double y = 0;
  for (int64_t c = 0; c < 3; ++c) {
    const double value = (colour[c].item<double>() + 1) / 2;
    y += weights[c] * (value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
  }
  return y > 0.008856 ? 116 * std::cbrt(y) - 16 : 903.3 * y;
}

TEST(SpectrogramPicture, ColoursAreEvenlyLighter) {
  const Tensor colours = dark_to_light(at::linspace(0, 1, 101));
  for (int64_t i = 0; i <= 100; ++i)
    EXPECT_NEAR(lightness(colours.select(1, i)), 5 + 0.92 * static_cast<double>(i), 2) << i;
  const Tensor outside = dark_to_light(at::tensor({-1., 0., 1., 2.}));
  EXPECT_TRUE(outside.select(1, 0).equal(outside.select(1, 1)));
  EXPECT_TRUE(outside.select(1, 2).equal(outside.select(1, 3)));
  EXPECT_EQ(dark_to_light(at::zeros({4, 5})).sizes(), (std::vector<int64_t>{3, 4, 5}));
}

TEST(SpectrogramPicture, HasTheSizeAskedForWhateverTheLength) {
  SpectrogramPictureOptions options;
  options.width = 100;
  options.height = 50;
  options.strip = 20;
  for (const int64_t rate : {1, 8000, 44100, 2147483647})
    for (const int64_t frames : {1, 2, 63, 100, 4096, 300000}) {
      const Tensor picture =
          spectrogram_picture(sine_sound(0.1 * static_cast<double>(rate), 0.5, rate, frames), options);
      EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{3, 73, 100}));
      EXPECT_LE(picture.abs().max().item<float>(), 1) << rate << " " << frames;
    }
  options.strip = 0;
  EXPECT_EQ(spectrogram_picture(sine_sound(440, 0.5, 8000, 500), options).sizes(),
            (std::vector<int64_t>{3, 50, 100}));
}

TEST(SpectrogramPicture, ATonesRowIsThatOfItsMel) {
  const SpectrogramPictureOptions options;
  double above = 1e9;
  for (const double hz : {200.0, 440.0, 1000.0, 3000.0}) {
    const Tensor rows =
        spectrogram_part(spectrogram_picture(sine_sound(hz, 0.5, 8000, 8000), options), options).mean(1);
    const double row = rows.argmax().item<double>() + 0.5, all = std::log10(1 + 4000 / 700.0);
    EXPECT_NEAR(1 - row / static_cast<double>(options.height), std::log10(1 + hz / 700) / all, 0.015) << hz;
    EXPECT_LT(row, above);
    above = row;
  }
}

TEST(SpectrogramPicture, TimeGoesToTheRight) {
  const SpectrogramPictureOptions options;
  Sound click{at::zeros({1, 8000}), 8000};
  click.samples[0][6000] = 1;
  const Tensor picture = spectrogram_picture(click, options);
  EXPECT_NEAR(spectrogram_part(picture, options).mean(0).argmax().item<double>(), 0.75 * 640, 4);
  const Tensor strip = picture.sum(0).narrow(0, 0, options.strip);
  EXPECT_NEAR(strip.mean(0).argmax().item<double>(), 0.75 * 640, 1);
}

TEST(SpectrogramPicture, SilenceIsEvenlyDark) {
  const SpectrogramPictureOptions options;
  const Tensor picture = spectrogram_picture({at::zeros({1, 5000}), 8000}, options);
  const Tensor dark = dark_to_light(at::zeros({options.height, options.width}));
  EXPECT_TRUE(picture.narrow(1, picture.size(1) - options.height, options.height).equal(dark));
  EXPECT_TRUE(picture.narrow(2, 1, 639).equal(picture.narrow(2, 0, 639)));
}

TEST(SpectrogramPicture, LoudnessIsScaledAboveTheFaintest) {
  const SpectrogramPictureOptions options;
  const auto mean_light = [&](double amplitude) {
    return spectrogram_picture(sine_sound(440, amplitude, 8000, 4000), options).add(1).mean().item<double>();
  };
  EXPECT_NEAR(mean_light(0.5), mean_light(0.01), 1e-3);
  EXPECT_NEAR(mean_light(0.5), mean_light(1e20), 1e-3);
  EXPECT_LT(mean_light(1e-5), 0.7 * mean_light(0.5));
}

TEST(SpectrogramPicture, TheStripShowsTheRangeOfEachColumn) {
  SpectrogramPictureOptions options;
  options.width = 10;
  options.strip = 106;
  Sound steps{at::zeros({1, 1000}), 8000};
  steps.samples.narrow(1, 0, 500).fill_(1);
  steps.samples.narrow(1, 500, 500).fill_(-0.5);
  const Tensor strip = spectrogram_picture(steps, options).sum(0).narrow(0, 0, 106);
  EXPECT_NEAR(strip.select(1, 2).argmax().item<double>(), 3, 1);   // 50 above the middle
  EXPECT_NEAR(strip.select(1, 7).argmax().item<double>(), 78, 1);  // 25 below it
}

TEST(SpectrogramPicture, RefusesOtherShapes) {
  EXPECT_EQ(refusal([] {
              spectrogram_picture({at::zeros({2, 5}), 8000});
            }),
            "[spectrogram_picture] expected one channel (as_mono gives the mean of all) but got 2");
  SpectrogramPictureOptions options;
  options.width = 5000;
  EXPECT_EQ(
      refusal([&] { spectrogram_picture(sine_sound(440, 0.5, 8000, 100), options); }),
      "[spectrogram_picture] expected width and height of 1 to 4096 pixels and a strip of 0 or more but got "
      "5000, 256 and 72");
  options = {};
  options.range_db = 0;
  EXPECT_EQ(refusal([&] { spectrogram_picture(sine_sound(440, 0.5, 8000, 100), options); }),
            "[spectrogram_picture] expected a range above 0 dB but got 0");
}

}  // namespace
}  // namespace steer

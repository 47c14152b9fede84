#include "steer/sound/mel_filters.h"

#include <gtest/gtest.h>

#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

MelOptions bands_of(int64_t rate, int64_t window, int64_t bands) {
  MelOptions options;
  options.rate = rate;
  options.window = window;
  options.hop = window / 4;
  options.bands = bands;
  return options;
}

TEST(MelScale, IsLinearThenLogarithmic) {
  EXPECT_DOUBLE_EQ(mel_of_hz(200), 3);
  EXPECT_DOUBLE_EQ(mel_of_hz(1000), 15);
  EXPECT_DOUBLE_EQ(mel_of_hz(6400), 42);
  for (const double hz : {0.0, 13.0, 999.0, 1000.0, 1001.0, 11025.0})
    EXPECT_NEAR(hz_of_mel(mel_of_hz(hz)), hz, 1e-9);
}

TEST(MelFilters, HaveTheNumbersOfLibrosa) {
  // librosa.filters.mel, 0.11.0, by tools/sound_goldens.py, which are float32.
  const Tensor filters = mel_filters(bands_of(22050, 2048, 256));
  EXPECT_NEAR(filters[0][1].item<double>(), 0.064230591, 1e-8);
  EXPECT_NEAR(filters[0][2].item<double>(), 0.026015038, 1e-8);
  EXPECT_NEAR(filters[100][128].item<double>(), 0.040482499, 1e-8);
  EXPECT_NEAR(filters[255][1018].item<double>(), 0.0030413575, 1e-8);
  EXPECT_NEAR(filters.sum().item<double>(), 23.771917, 1e-5);
}

TEST(MelFilters, AreTrianglesOfAreaOneInOrder) {
  MelOptions options = bands_of(16000, 8192, 40);
  options.lowest_hz = 100, options.highest_hz = 7000;
  const Tensor filters = mel_filters(options);
  const double spacing = 16000.0 / 8192;
  EXPECT_LT(largest_difference(filters.sum(1) * spacing, at::ones({40}, torch::kFloat64)), 0.01);
  const Tensor middle = filters.argmax(1);
  EXPECT_TRUE((middle.narrow(0, 1, 39) > middle.narrow(0, 0, 39)).all().item<bool>());
  EXPECT_LE((filters > 0).sum(0).max().item<int64_t>(), 2);
  const Tensor taken = (filters.sum(0) > 0).nonzero();
  EXPECT_GT(taken[0].item<double>() * spacing, 100);
  EXPECT_LT(taken[-1].item<double>() * spacing, 7000);
}

TEST(MelFilters, NamesBandsWithoutAFrequency) {
  EXPECT_EQ(
      refusal([] { mel_filters(bands_of(8000, 64, 40)); }),
      "[mel] expected a frequency of the spectrum in each of 40 bands but got none in 2: 0 (0 to 114 Hz), "
      "11 (629 to 743 Hz); a longer window or fewer bands have");
  EXPECT_NE(refusal([] { mel_filters(bands_of(8000, 64, 1000)); }).find(" ...; a longer window"),
            std::string::npos);
}

TEST(MelFilters, NamesTheOptionAtFault) {
  const auto fault = [](const auto& change) {
    MelOptions options;
    change(options);
    return refusal([&] { check(options); });
  };
  EXPECT_EQ(fault([](MelOptions& o) { o.highest_hz = 11026; }),
            "[options] mel.highest_hz: expected at most half the rate, 11025 Hz, but got 11026");
  EXPECT_EQ(
      fault([](MelOptions& o) { o.lowest_hz = 11025; }),
      "[options] mel.lowest_hz: expected less than 11025 Hz, where the highest band ends, but got 11025");
  EXPECT_NE(fault([](MelOptions& o) { o.bands = 0; }).find("bands"), std::string::npos);
  EXPECT_NE(fault([](MelOptions& o) { o.floor_db = 0; }).find("floor_db"), std::string::npos);
  EXPECT_NE(fault([](MelOptions& o) { o.hop = 4096; }).find("hop"), std::string::npos);
  EXPECT_EQ(fault([](MelOptions&) {}), "accepted");
}

}  // namespace
}  // namespace steer

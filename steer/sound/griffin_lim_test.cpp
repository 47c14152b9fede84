#include "steer/sound/griffin_lim.h"

#include <gtest/gtest.h>

#include "steer/core/tensors.h"
#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

const StftOptions kSmallFrames = {512, 128, true, "constant"};

Tensor magnitudes_of(const Tensor& sound) {
  return stft(sound, kSmallFrames).abs();
}

TEST(GriffinLim, HasTheNumbersOfLibrosaFromZeroPhases) {
  // librosa.griffinlim, 0.11.0, of 4 iterations from init=None, by tools/sound_goldens.py, to 1e-4: phases of
  // weak frequencies make more of rounding.
  const Tensor magnitudes = magnitudes_of(golden_sound(4096, 8000));
  const std::vector<int64_t> at = {0, 100, 1000, 2000, 4000};
  const std::vector<double> without = {0.14049472, -0.049180277, -0.072028399, -0.028719107, -0.16780485},
                            with = {0.25708801, -0.058560237, -0.048102345, -0.034361128, -0.11377694};
  for (const double momentum : {0.0, 0.99}) {
    const Tensor made = griffin_lim(magnitudes, kSmallFrames, {4, momentum});
    ASSERT_EQ(shape_text(made.sizes()), "[1, 4096]");
    for (size_t i = 0; i < at.size(); ++i)
      EXPECT_NEAR(made[0][at[i]].item<double>(), (momentum > 0 ? with : without)[i], 1e-4);
  }
}

TEST(GriffinLim, NeverGetsWorseWithoutMomentum) {
  const Tensor magnitudes = magnitudes_of(at::cat({golden_sound(4096, 8000), congruential_noise(1, 4096)}));
  for (const Tensor& seeds : {Tensor(), torch::tensor({int64_t{3}, int64_t{4}})}) {
    Tensor before = at::full({2}, 1e9, torch::kFloat64);
    for (const int64_t iterations : {0, 1, 2, 3, 5, 8, 16, 32}) {
      const Tensor made = griffin_lim(magnitudes, kSmallFrames, {iterations, 0}, seeds);
      const Tensor now = spectral_convergence(made, magnitudes, kSmallFrames);
      EXPECT_TRUE((now <= before * (1 + 1e-6)).all().item<bool>()) << iterations << ' ' << now;
      before = now;
    }
    EXPECT_LT(before.max().item<double>(), 0.3);
  }
}

TEST(GriffinLim, GetsFurtherWithMomentum) {
  const Tensor magnitudes = magnitudes_of(golden_sound(4096, 8000)), seeds = torch::tensor({int64_t{1}});
  const auto convergence = [&](double momentum) {
    const Tensor made = griffin_lim(magnitudes, kSmallFrames, {32, momentum}, seeds);
    return spectral_convergence(made, magnitudes, kSmallFrames).item<double>();
  };
  EXPECT_LT(convergence(0.99), 0.8 * convergence(0));
}

TEST(GriffinLim, DependsOnARowsSeedAlone) {
  const Tensor magnitudes = magnitudes_of(congruential_noise(2, 2048));
  const Tensor seeds = torch::tensor({int64_t{5}, int64_t{6}});
  const Tensor both = griffin_lim(magnitudes, kSmallFrames, {3}, seeds);
  const Tensor second = griffin_lim(magnitudes.narrow(0, 1, 1), kSmallFrames, {3}, seeds.narrow(0, 1, 1));
  EXPECT_LT(largest_difference(both[1], second[0]), 1e-5);
  EXPECT_GT(largest_difference(griffin_lim(magnitudes, kSmallFrames, {3}, seeds + 1), both), 1e-2);
  EXPECT_TRUE(torch::equal(griffin_lim(magnitudes, kSmallFrames, {3}, seeds), both));
}

TEST(GriffinLim, OfSilenceIsSilence) {
  const Tensor made =
      griffin_lim(at::zeros({1, 257, 9}), kSmallFrames, {5}, torch::tensor({int64_t{1}}), 1100);
  EXPECT_EQ(shape_text(made.sizes()), "[1, 1100]");
  EXPECT_EQ(made.abs().max().item<float>(), 0);
  EXPECT_EQ(spectral_convergence(at::zeros({1, 1024}), at::zeros({1, 257, 9}), kSmallFrames).item<double>(),
            0);
}

TEST(GriffinLim, NamesWhatHasNoSound) {
  EXPECT_EQ(refusal([] {
              griffin_lim(at::zeros({1, 256, 9}), kSmallFrames);
            }),
            "[griffin_lim] expected float32 magnitudes [N, 257, frames] on the processor but got Float [1, "
            "256, 9]");
  EXPECT_EQ(refusal([] {
              griffin_lim(-at::ones({1, 257, 9}), kSmallFrames);
            }),
            "[griffin_lim] expected finite magnitudes of at least 0");
  EXPECT_EQ(refusal([] {
              griffin_lim(at::full({1, 257, 9}, NAN), kSmallFrames);
            }),
            "[griffin_lim] expected finite magnitudes of at least 0");
  EXPECT_EQ(refusal([] {
              griffin_lim(at::ones({1, 257, 9}), kSmallFrames, {}, at::zeros({2}, torch::kInt64));
            }),
            "[griffin_lim] expected 1 seeds but got [2]");
  EXPECT_NE(refusal([] {
              griffin_lim(at::ones({1, 257, 9}), kSmallFrames, {-1});
            }).find("iterations"),
            std::string::npos);
  EXPECT_EQ(refusal([] {
              griffin_lim(at::ones({1, 257, 9}), kSmallFrames, {1}, {}, 2000);
            }),
            "[griffin_lim] expected magnitudes of 16 frames for 2000 samples but got 9");
  EXPECT_NE(refusal([] {
              griffin_lim(at::ones({1, 257, 2}), kSmallFrames);
            }).find("at least a window"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

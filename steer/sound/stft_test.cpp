#include "steer/sound/stft.h"

#include <gtest/gtest.h>

#include <complex>

#include "steer/core/tensors.h"
#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

StftOptions small_frames(const std::string& padding = "reflect") {
  return {512, 128, true, padding};
}

TEST(Stft, HasTheNumbersOfLibrosa) {
  // librosa.stft, 0.11.0, by tools/sound_goldens.py, to 1e-5.
  const std::vector<std::array<int64_t, 2>> at = {{0, 0}, {14, 0}, {79, 3}, {256, 32}};
  const std::vector<std::complex<double>> reflected = {
      {3.6979406, 0}, {3.7656784, 0}, {-21.876654, 2.4876244}, {0.41146159, 0}};
  const std::vector<std::complex<double>> silent = {
      {1.8451308, 0}, {1.8789997, -18.784445}, {-21.876654, 2.4876244}, {0.32491586, 0}};
  for (const bool reflect : {true, false}) {
    const Tensor s = stft(golden_sound(4096, 8000), small_frames(reflect ? "reflect" : "constant"));
    EXPECT_EQ(shape_text(s.sizes()), "[1, 257, 33]");
    for (size_t i = 0; i < at.size(); ++i) {
      const Tensor number = at::view_as_real(s[0][at[i][0]][at[i][1]].contiguous());
      const std::complex<double> golden = reflect ? reflected[i] : silent[i];
      EXPECT_NEAR(number[0].item<double>(), golden.real(), 1e-5 * std::abs(golden)) << i;
      EXPECT_NEAR(number[1].item<double>(), golden.imag(), 1e-5 * std::abs(golden)) << i;
    }
  }
}

TEST(Stft, IsTheFourierTransformOfWeightedFrames) {
  const Tensor sound = congruential_noise(1, 64).to(torch::kFloat64);
  for (const int64_t window : {16, 21, 64}) {
    StftOptions options = {window, 7, false, "constant"};
    const Tensor spectra = stft(sound, options), weight = hann_window(window);
    ASSERT_EQ(spectra.size(2), stft_frames(64, options));
    const int64_t last = spectra.size(2) - 1;
    const Tensor i = at::arange(window, torch::kFloat64);
    for (const int64_t k : {int64_t{0}, int64_t{3}, window / 2}) {
      const Tensor turn = i * (-2 * kPi * static_cast<double>(k) / static_cast<double>(window)),
                   frame = sound[0].narrow(0, 7 * last, window) * weight,
                   sum = at::stack({(frame * turn.cos()).sum(), (frame * turn.sin()).sum()});
      EXPECT_LT(largest_difference(at::view_as_real(spectra[0][k][last]), sum), 1e-12);
    }
  }
}

TEST(Stft, KeepsTheEnergyOfFrames) {
  const Tensor sound = congruential_noise(2, 3000).to(torch::kFloat64);
  for (const int64_t window : {256, 255}) {
    const StftOptions options = {window, 64, false, "constant"};
    const Tensor power = at::view_as_real(stft(sound, options)).square().sum(-1);
    Tensor weight = at::full({window / 2 + 1}, 2, torch::kFloat64);  // frequencies stand for two but the ends
    weight[0] = 1;
    if (window % 2 == 0) weight[-1] = 1;
    const Tensor frames = (sound.unfold(1, window, 64) * hann_window(window)).square().sum(-1);
    const Tensor energy = (power * weight.unsqueeze(1)).sum(1) / static_cast<double>(window);
    EXPECT_LT(largest_difference(energy, frames), 1e-10);
  }
}

TEST(Stft, ComesBack) {
  for (const auto& [window, hop] :
       {std::pair<int64_t, int64_t>{2048, 512}, {512, 64}, {400, 160}, {255, 100}})
    for (const char* padding : {"reflect", "constant"})
      for (const int64_t samples : {2048, 5000, 6001}) {
        const StftOptions options = {window, hop, true, padding};
        const Tensor sound = congruential_noise(2, samples);
        const Tensor back = istft(stft(sound, options), options, samples);
        ASSERT_EQ(back.sizes(), sound.sizes());
        EXPECT_LT(largest_difference(back, sound), 1e-6) << window << ' ' << hop << ' ' << samples;
      }
}

TEST(Stft, ComesBackAtAnyLength) {
  const Tensor sound = congruential_noise(1, 1024), spectra = stft(sound, small_frames());
  EXPECT_EQ(istft(spectra, small_frames()).size(1), 1024);
  const Tensor longer = istft(spectra, small_frames(), 2000), shorter = istft(spectra, small_frames(), 100);
  EXPECT_LT(largest_difference(shorter, sound.narrow(1, 0, 100)), 1e-6);
  EXPECT_EQ(longer.size(1), 2000);
  EXPECT_EQ(longer.narrow(1, 1400, 600).abs().max().item<float>(), 0);
  EXPECT_EQ(istft(spectra, small_frames(), 0).numel(), 0);
  const StftOptions ahead = {512, 128, false, "constant"};
  EXPECT_EQ(istft(stft(sound, ahead), ahead).size(1), 1024);
}

TEST(Stft, IsDifferentiableThereAndBack) {
  const Tensor sound = congruential_noise(1, 600).to(torch::kFloat64).requires_grad_();
  istft(stft(sound, small_frames()) * 2, small_frames(), 600).sum().backward();
  EXPECT_LT(largest_difference(sound.grad(), at::full({1, 600}, 2, torch::kFloat64)), 1e-10);
}

TEST(Stft, NamesWhatItCannotTransform) {
  EXPECT_EQ(refusal([] {
              stft(at::zeros({1, 511}), small_frames());
            }),
            "[stft] expected a sound of at least a window, 512 samples, but got 511");
  EXPECT_EQ(refusal([] { stft(at::zeros({512}), small_frames()); }),
            "[stft] expected sounds [N, T] but got [512]");
  EXPECT_EQ(refusal([] {
              stft(at::zeros({1, 512}, torch::kInt16), small_frames());
            }),
            "[stft] expected float32 or float64 but got Short");
  EXPECT_EQ(refusal([] {
              check(StftOptions{512, 513});
            }),
            "[options] stft.hop: expected at most the window, 512, but got 513");
  EXPECT_EQ(refusal([] {
              check(StftOptions{512, 128, true, "wrap"});
            }),
            "[options] stft.padding: expected reflect or constant but got \"wrap\"");
  EXPECT_NE(refusal([] { check(StftOptions{8, 4}); }).find("window"), std::string::npos);
  EXPECT_NE(refusal([] {
              istft(at::zeros({1, 256, 3}, torch::kComplexFloat), small_frames());
            }).find("expected complex spectra [N, 257, frames]"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

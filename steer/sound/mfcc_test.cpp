#include "steer/sound/mfcc.h"

#include <gtest/gtest.h>

#include "steer/core/tensors.h"
#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

MfccOptions small_mfcc() {
  MfccOptions options;
  options.mel.rate = 8000, options.mel.window = 512, options.mel.hop = 128, options.mel.bands = 40;
  return options;
}

TEST(Mfcc, HasTheNumbersOfLibrosa) {
  // librosa.feature.mfcc, 0.11.0, by tools/sound_goldens.py, to 1e-3.
  const std::vector<double> golden = {-103.76597, 19.844606,  6.5352716,  15.715693,  18.142773,
                                      0.10321009, -14.683857, -1.0109038, 2.9271302,  -17.011303,
                                      -22.176273, -9.3833923, -4.6384826, -15.163635, -18.236454,
                                      -6.007093,  0.4820106,  -6.0182266, -4.2140656, 8.4980793};
  const Tensor made = Mfcc(small_mfcc()).forward(golden_sound(4096, 8000));
  ASSERT_EQ(shape_text(made.sizes()), "[1, 20, 33]");
  for (size_t i = 0; i < golden.size(); ++i)
    EXPECT_NEAR(made[0][static_cast<int64_t>(i)][10].item<double>(), golden[i], 1e-3);
  const std::vector<double> by_default = {-131.35266, 10.567692, 3.7867572, 1.5884823, 6.2740679, 16.108269};
  const Tensor whole = Mfcc(MfccOptions()).forward(golden_sound(8192, 22050));
  ASSERT_EQ(shape_text(whole.sizes()), "[1, 20, 17]");
  for (size_t i = 0; i < by_default.size(); ++i)
    EXPECT_NEAR(whole[0][static_cast<int64_t>(i)][7].item<double>(), by_default[i], 1e-3);
}

TEST(Mfcc, TransformIsOrthonormal) {
  const Tensor cosines = cosine_transform(32, 32);
  EXPECT_LT(largest_difference(at::matmul(cosines, cosines.t()), at::eye(32, torch::kFloat64)), 1e-12);
  EXPECT_NEAR(cosine_transform(1, 4)[0][2].item<double>(), 0.5, 1e-15);
}

TEST(Mfcc, LouderOnlyRaisesTheFirst) {
  const Mfcc mfcc(small_mfcc());
  const Tensor sound = golden_sound(2048, 8000), apart = mfcc.forward(sound * 10) - mfcc.forward(sound);
  EXPECT_LT(largest_difference(apart.select(1, 0), at::full({1, 17}, 20 * std::sqrt(40.0))), 1e-2);
  EXPECT_LT(apart.narrow(1, 1, 19).abs().max().item<double>(), 1e-2);
}

TEST(Mfcc, OfSilenceIsFinite) {
  const Tensor made = Mfcc(small_mfcc()).forward(at::zeros({1, 2048}));
  EXPECT_LT(largest_difference(made.select(1, 0), at::full({1, 17}, -100 * std::sqrt(40.0))), 1e-2);
  EXPECT_LT(made.narrow(1, 1, 19).abs().max().item<double>(), 1e-3);
}

TEST(Mfcc, NamesTheOptionAtFault) {
  MfccOptions options = small_mfcc();
  options.coefficients = 41;
  EXPECT_EQ(refusal([&] { Mfcc{options}; }),
            "[options] mfcc.coefficients: expected at most as many as bands, 40, but got 41");
  EXPECT_NE(refusal([] {
              Mfcc(small_mfcc()).forward(at::zeros({1, 100}));
            }).find("at least a window"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

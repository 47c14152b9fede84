#include "steer/sound/voice_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/sound/small_hearing.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

VoiceNetwork voice_of(const Checkpoint& file) {
  const TemporaryFolder folder;
  write_checkpoint(folder / "voice.safetensors", file);
  return VoiceNetwork(folder / "voice.safetensors");
}

// Golden numbers: tools/sound_network_goldens.py.
TEST(VoiceNetwork, HearsWhatTheSameLayersOfPyTorchHear) {
  SmallNoise noise;
  const VoiceNetwork network = voice_of(small_voice_file(noise));
  const Tensor golden = torch::tensor({0.0, 0.33257988, 0.0, 0.57603592, 0.0, 0.74670833, 0.0, 0.34009612,
                                       0.0, 0.63613707, 0.0, 0.69257802})
                            .view({2, 6});
  EXPECT_LT((network.embedding(noise({2, 30, 40}).square()) - golden).abs().max().item<double>(), 1e-5);
}

TEST(VoiceNetwork, LongSoundsAreHeardInWindows) {
  SmallNoise noise;
  const VoiceNetwork network = voice_of(small_voice_file(noise));
  const Tensor bands = noise({1, 200, 40}).square();
  const Tensor first = network.embedding(bands.narrow(1, 0, 160)),
               last = network.embedding(bands.narrow(1, 40, 160)), sum = first + last,
               whole = network.embedding(bands);
  EXPECT_LT((whole - sum / sum.norm()).abs().max().item<double>(), 1e-5);
  EXPECT_NEAR(whole.norm().item<double>(), 1, 1e-5);
}

TEST(VoiceNetwork, HowLoudASoundIsDoesNotCount) {
  SmallNoise noise;
  const VoiceNetwork network = voice_of(small_voice_file(noise));
  const Tensor sound = golden_sound(8000, 16000);
  EXPECT_LT((network.of_sounds(sound) - network.of_sounds(sound * 0.02)).abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(network.of_sounds(torch::zeros({1, 4000})).isfinite().all().item<bool>());
}

TEST(VoiceNetwork, RefusesOtherFilesAndShapes) {
  SmallNoise noise;
  Checkpoint file = small_voice_file(noise);
  EXPECT_THAT(refusal([&] { voice_of(file).embedding(torch::zeros({1, 5, 39})); }), HasSubstr("[1, 5, 39]"));
  file.tensors["lstm.bias_hh_l1"] = torch::zeros({31});
  EXPECT_THAT(refusal([&] { voice_of(file); }), HasSubstr("as lstm.bias_hh_l1 but got [31]"));
  file.tensors.erase("lstm.bias_hh_l1");
  EXPECT_THAT(refusal([&] { voice_of(file); }), HasSubstr("a tensor lstm.bias_hh_l1"));
}

}  // namespace
}  // namespace steer

#include "steer/sound/wave_modality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/sound/small_sounds.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/wave_data.h"
#include "steer/sound/wave_space.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(WaveSpace, ASoundOfItsRateAndLengthIsGivenAsItIs) {
  const Sound sound = sine_sound(440, 0.3, 8000, 1000);
  const Space space = wave_space(8000, 1000);
  const State waves = as_waves(space, {sound});
  EXPECT_EQ(waves.x.sizes(), (std::vector<int64_t>{1, 1, 1, 1000}));
  EXPECT_TRUE(torch::equal(waves.x.flatten(), sound.samples.flatten()));
  EXPECT_TRUE(torch::equal(sounds_of_waves(space, waves)[0].samples, sound.samples));
}

TEST(WaveSpace, OthersAreCutFilledUpAndResampled) {
  const Sound sound = sine_sound(440, 0.3, 8000, 1000);
  const Tensor cut = as_waves(wave_space(8000, 700), {sound}).x.flatten();
  EXPECT_TRUE(torch::equal(cut, sound.samples[0].narrow(0, 0, 700)));
  const Tensor longer = as_waves(wave_space(8000, 1200), {sound}).x.flatten();
  EXPECT_TRUE(torch::equal(longer.narrow(0, 0, 1000), sound.samples[0]));
  EXPECT_EQ(longer.narrow(0, 1000, 200).abs().max().item<float>(), 0);
  const Tensor slower = as_waves(wave_space(4000, 500), {sound}).x.flatten();
  const Tensor wanted = sine_sound(440, 0.3, 4000, 500).samples[0];
  EXPECT_LT((slower - wanted).narrow(0, 50, 400).abs().max().item<double>(), 1e-3);
}

TEST(WaveSpace, APeakMakesSoundsEquallyLoudAndLeavesSilence) {
  const Space space = wave_space(8000, 1000, {0.7});
  const Sound silence{at::zeros({1, 1000}), 8000};
  const Tensor x =
      as_waves(space, {sine_sound(440, 0.02, 8000, 1000), sine_sound(90, 1, 8000, 900), silence}).x;
  const Tensor greatest = x.abs().amax({1, 2, 3});
  EXPECT_TRUE(torch::allclose(greatest, torch::tensor({0.7, 0.7, 0.0})));
  EXPECT_EQ(wave_options_of(space).peak, 0.7);
  Space other = space;
  other.alphabet = "loud";
  EXPECT_THAT(refusal([&] { wave_options_of(other); }), HasSubstr("expected a space that says how loud"));
  EXPECT_THAT(refusal([&] { wave_space(8000, 10, {2}); }), HasSubstr("peak"));
}

DataOptions waves_of(const TemporaryFolder& folder) {
  DataOptions options;
  options.path = wave_path(folder.path()), options.size = 512, options.peak = 0.5;
  return options;
}

TEST(WaveData, DigitsAreWaveformsWithTheirClasses) {
  const TemporaryFolder folder;
  for (const char* name : {"3_ann_0.wav", "3_ann_5.wav", "7_bob_6.wav"})
    folder.put(name, encode_sound(sine_sound(400, 0.25, 8000, 700), "x.wav").bytes);
  EXPECT_TRUE(names_waves(wave_path("x")));
  EXPECT_FALSE(names_waves(folder.path()));
  const auto train = make_wave_dataset(waves_of(folder));
  EXPECT_EQ(train->size(), 2);
  EXPECT_EQ(train->space(), wave_space(8000, 512, {0.5}));
  EXPECT_EQ(train->classes(), (std::vector<std::string>{"3", "7"}));
  EXPECT_FLOAT_EQ(train->batch({0}).data.x.abs().max().item<float>(), 0.5);
  DataOptions usual;
  usual.path = wave_path(folder.path());
  EXPECT_EQ(make_wave_dataset(usual)->space(), wave_space(8000, 4096));
  usual.path = wave_path(folder / "nothing");
  EXPECT_NE(refusal([&] { make_wave_dataset(usual); }), "accepted");
}

TEST(WaveModality, BringsDataToAModelsSpace) {
  DataOptions options;
  options.path = "FSDD";
  const Space space = wave_space(6000, 2048, {0.7});
  wave_modality().fitted(options, space);
  EXPECT_EQ(options.path, "wave:FSDD");
  EXPECT_EQ(options.size, 2048);
  EXPECT_EQ(options.rate, 6000);
  EXPECT_EQ(options.peak, 0.7);
  wave_modality().fitted(options, space);
  EXPECT_EQ(options.path, "wave:FSDD");
}

TEST(WaveModality, FilesHoldTheSamplesThemselves) {
  const Space space = wave_space(8000, 1000);
  const State waves = as_waves(space, {sine_sound(400, 0.5, 8000, 1000), sine_sound(900, 0.2, 8000, 1000)});
  const Modality& modality = wave_modality();
  const std::string bytes = modality.file_of("x.wav", space, waves);
  const Sound written = sound_from_bytes(bytes, "x.wav");
  EXPECT_EQ(written.frames(), 2 * 1000 + 2000);
  const TemporaryFolder folder;
  const Tensor again = modality.read(folder.put("x.wav", bytes), space, "").x;
  EXPECT_LE((again - waves.x.narrow(0, 0, 1)).abs().max().item<double>(), 0.5 / 32768 + 1e-7);
}

TEST(WaveModality, ShowsWaveformsAndSilence) {
  const Space space = wave_space(8000, 512);
  const Sound silence{at::zeros({1, 512}), 8000};
  const State waves = as_waves(space, {sine_sound(400, 0.5, 8000, 512), silence});
  const Tensor picture = wave_modality().picture(space, {waves}, 2);
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{3, 144 + 4, 512 + 6}));
  EXPECT_TRUE(picture.isfinite().all().item<bool>());
  EXPECT_EQ(wave_modality().picture(space, {waves, waves}, 0).sizes(),
            (std::vector<int64_t>{3, 2 * 144 + 6, 512 + 6}));
}

}  // namespace
}  // namespace steer

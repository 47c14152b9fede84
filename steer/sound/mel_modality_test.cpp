#include "steer/sound/mel_modality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/pi.h"
#include "steer/sound/mel_data.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/mel_words.h"
#include "steer/sound/sound_data.h"
#include "steer/sound/sound_files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::HasSubstr;

Sound hum(double hz) {
  const Tensor t = at::arange(2000, torch::kFloat64) / 8000.0;
  return {(0.5 * (2 * kPi * hz * t).sin()).to(torch::kFloat32).unsqueeze(0), 8000};
}

std::string wav_of(double hz) {
  return encode_sound(hum(hz), "x.wav").bytes;
}

DataOptions of_folder(const TemporaryFolder& folder, const std::string& split = "train") {
  DataOptions options;
  options.path = folder.path(), options.split = split, options.size = 32;
  return options;
}

TEST(MelData, DigitsHaveTheirNamesClasses) {
  const TemporaryFolder folder;
  for (const char* name : {"3_ann_0.wav", "3_ann_5.wav", "7_bob_6.wav", "7_ann_7.wav"})
    folder.put(name, wav_of(400));
  EXPECT_TRUE(names_sounds(folder.path()));
  const auto train = make_mel_dataset(of_folder(folder));
  EXPECT_EQ(train->size(), 3);
  EXPECT_EQ(train->space(), mel_space(usual_mel_options(8000, 32), 32));
  EXPECT_EQ(train->classes(), (std::vector<std::string>{"3", "7"}));
  EXPECT_TRUE(torch::equal(train->batch({0, 1, 2}).told.label, torch::tensor({0, 1, 1}, torch::kInt64)));
  EXPECT_EQ(make_mel_dataset(of_folder(folder, "test"))->size(), 1);
  DataOptions options = of_folder(folder);
  options.labels = "speaker";
  EXPECT_EQ(make_mel_dataset(options)->classes(), (std::vector<std::string>{"ann", "bob"}));
  options = of_folder(folder), options.half = 1;
  EXPECT_EQ(make_mel_dataset(options)->size(), 1);
  options = of_folder(folder), options.rate = 4000;
  EXPECT_EQ(make_mel_dataset(options)->space().rate_hz, 4000);
}

TEST(MelData, FoldersAreClassesAndEveryTenthSoundIsForTests) {
  const TemporaryFolder folder;
  for (int i = 0; i < 10; ++i) folder.put("a/" + std::to_string(i) + ".wav", wav_of(300));
  for (int i = 0; i < 10; ++i) folder.put("b/" + std::to_string(i) + ".wav", wav_of(900));
  const auto train = make_mel_dataset(of_folder(folder)), test = make_mel_dataset(of_folder(folder, "test"));
  EXPECT_EQ(train->size(), 18);
  EXPECT_EQ(test->size(), 2);
  EXPECT_EQ(train->classes(), (std::vector<std::string>{"a", "b"}));
  DataOptions options = of_folder(folder);
  options.limit = 4;
  const auto few = make_mel_dataset(options);
  EXPECT_TRUE(torch::equal(few->batch({0, 1, 2, 3}).told.label, torch::tensor({0, 0, 1, 1}, torch::kInt64)));
  options.half = 1;
  EXPECT_THAT(refusal([&] { make_mel_dataset(options); }), HasSubstr("DIGIT_SPEAKER_TAKE"));
  options = of_folder(folder), options.labels = "hue";
  EXPECT_THAT(refusal([&] { make_mel_dataset(options); }), HasSubstr("expected labels digit or speaker"));
}

TEST(MelData, OtherFoldersAreNotTaken) {
  const TemporaryFolder folder;
  folder.put("a.txt", "a");
  EXPECT_FALSE(names_sounds(folder.path()));
  EXPECT_FALSE(names_sounds(folder / "nothing"));
  EXPECT_FALSE(names_sounds("shapes"));
}

TEST(MelData, AnArchiveIsKnownByItsFirstFiles) {
  const TemporaryFolder folder;
  write_archive(folder / "sounds.tar", {{"README.md", "text"}, {"3_ann_5.wav", wav_of(400)}});
  EXPECT_TRUE(names_sounds(folder / "sounds.tar"));
  EXPECT_TRUE(names_sounds(folder.path()));
  DataOptions options = of_folder(folder);
  EXPECT_EQ(make_mel_dataset(options)->classes(), std::vector<std::string>{"3"});
  std::vector<std::pair<std::string, std::string>> pictures;
  for (int i = 0; i < 100; ++i) pictures.push_back({std::to_string(i) + ".png", "picture"});
  pictures.push_back({"last.wav", wav_of(400)});
  write_archive(folder / "pictures.tar", pictures);
  EXPECT_FALSE(names_sounds(folder / "pictures.tar"));
}

TEST(MelModality, WritesOneSoundAfterTheOtherAndReadsThem) {
  const Space space = mel_space(usual_mel_options(8000, 32), 32);
  const State mels = as_mels(space, {hum(400), hum(1200)});
  const Modality& modality = mel_modality();
  EXPECT_TRUE(modality.writes("x.flac"));
  const Sound written = sound_from_bytes(modality.file_of("x.wav", space, mels), "x.wav");
  EXPECT_EQ(written.frames(), 2 * 2047 + 2000);
  const TemporaryFolder folder;
  const std::string path = folder.put("x.wav", modality.file_of("x.wav", space, mels));
  const Tensor again = modality.read(path, space, "").x;
  EXPECT_LT((again - mels.x.narrow(0, 0, 1)).abs().mean().item<double>(), 0.25);
  const Tensor picture = modality.picture(space, {mels}, 2);
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{3, 128 + 4, 256 + 6}));
}

TEST(MelWords, HideSecondsAndBands) {
  const Space space = mel_space(usual_mel_options(8000, 32), 32);
  const State mels = as_mels(space, {hum(400), hum(1200)});
  ObjectiveContext context;
  context.space = space, context.truth = mels.x;
  Vocabulary vocabulary;
  for (const Word& word : mel_words()) vocabulary.push_back(&word);
  const auto hidden = [&](const std::string& words) {
    const auto objective = objective_of(words, vocabulary, context);
    EXPECT_EQ(objective->targets(), 2);
    EXPECT_NEAR(objective->score(mels).abs().max().item<double>(), 0, 1e-6) << words;
    return objective->hidden();
  };
  // 125 frames a second.
  const Tensor middle = hidden("inpaint(begin=0.08, end=0.16)");
  EXPECT_EQ(middle.sum().item<double>(), 10 * 32);
  EXPECT_EQ(middle.select(3, 10).min().item<double>(), 1);
  EXPECT_EQ(middle.select(3, 9).max().item<double>(), 0);
  const Tensor ends = hidden("declip(low=4, high=6)");
  EXPECT_EQ(ends.sum().item<double>(), 10 * 32);
  EXPECT_EQ(ends.narrow(2, 0, 4).min().item<double>(), 1);
  EXPECT_EQ(ends.narrow(2, 26, 6).min().item<double>(), 1);
  EXPECT_EQ(hidden("declip()").sum().item<double>(), 10 * 32);
  const auto objective = objective_of("declip(low=4, high=6)", vocabulary, context);
  State other = mels;
  other.x = mels.x.clone();
  other.x.narrow(2, 0, 4).fill_(0.3);
  EXPECT_NEAR(objective->score(other).abs().max().item<double>(), 0, 1e-6);
  other.x[0][0][10][3] += 0.1;
  EXPECT_NEAR(objective->score(other)[0].item<double>(), -0.01 / (2 * 0.05 * 0.05), 1e-3);
  const auto refused = [&](const std::string& words) {
    return refusal([&] { objective_of(words, vocabulary, context); });
  };
  EXPECT_THAT(refused("inpaint(begin=0.2, end=0.1)"), HasSubstr("expected begin before end"));
  EXPECT_THAT(refused("inpaint(begin=9, end=10)"), HasSubstr("of the first 0.256 seconds"));
  EXPECT_THAT(refused("inpaint(begin=0, end=1)"), HasSubstr("all is hidden"));
  EXPECT_THAT(refused("declip(low=16, high=16)"), HasSubstr("expected fewer than 32 hidden bands"));
}

}  // namespace
}  // namespace steer

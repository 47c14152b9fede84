#include "steer/sound/sound_objectives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/sound/mel_space.h"
#include "steer/sound/mel_words.h"
#include "steer/sound/small_hearing.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

// Objectives by their words, with files of small networks.
class SoundObjectives : public testing::Test {
 protected:
  SoundObjectives() {
    SmallNoise noise;
    write_checkpoint(folder_ / "pitch.safetensors", small_pitch_file(noise));
    Checkpoint voice = small_voice_file(noise);
    voice.tensors["linear.bias"].abs_().add_(1);  // so that no entry of its vectors is cut off at 0
    write_checkpoint(folder_ / "voice.safetensors", voice);
    context_.space = mel_space(usual_mel_options(8000, 32), 32);
  }

  std::unique_ptr<Objective> asked(const std::string& word, const std::string& network) const {
    return objective_of(word + "weights='" + folder_ / (network + ".safetensors") + "')",
                        vocabulary_of({&mel_words()}, "mel"), context_);
  }

  // Samples whose levels are noise.
  static Tensor some_mels(int64_t count) {
    return congruential_noise(count, 32 * 32).view({count, 1, 32, 32});
  }

  TemporaryFolder folder_;
  ObjectiveContext context_;
};

TEST_F(SoundObjectives, ManySamplesScoreAsEachAlone) {
  const Tensor mels = some_mels(20);
  context_.truth = some_mels(1);
  for (const auto& objective : {asked("pitch(220, ", "pitch"), asked("speaker(", "voice")}) {
    const Tensor all = mels.clone().requires_grad_(true), scores = objective->score(State(all));
    ASSERT_EQ(scores.sizes(), std::vector<int64_t>{20});
    (scores * torch::arange(20)).sum().backward();
    for (const int64_t i : {0, 15, 16, 19}) {
      const Tensor one = mels.narrow(0, i, 1).clone().requires_grad_(true),
                   score = objective->score(State(one));
      EXPECT_NEAR(score.item<double>(), scores[i].item<double>(), 1e-4) << objective->words();
      (score * i).sum().backward();
      EXPECT_LT((one.grad()[0] - all.grad()[i]).abs().max().item<double>(),
                1e-3 * all.grad()[19].abs().max().item<double>());
    }
    EXPECT_GT(all.grad()[19].abs().max().item<double>(), 0) << objective->words();
  }
}

TEST_F(SoundObjectives, AVoiceIsMostLikeItself) {
  context_.truth = some_mels(2);
  const auto objective = asked("speaker(concentration=7, ", "voice");
  EXPECT_EQ(objective->targets(), 2);
  const Tensor scores = objective->score(State(context_.truth));
  EXPECT_LT(scores.abs().max().item<double>(), 1e-4);
  // Two equal groups, one of each target.
  const Tensor swapped = objective->score(State(context_.truth.flip(0)));
  EXPECT_LE(swapped.max().item<double>(), 0);
  EXPECT_NEAR(swapped[0].item<double>(), swapped[1].item<double>(), 1e-5);
}

TEST_F(SoundObjectives, APitchFarFromAllBinsIsFarther) {
  // The network hears all bins nearly alike, so that a pitch in their middle is nearest on the mean.
  const Tensor mels = some_mels(3);
  const double middle = asked("pitch(261, ", "pitch")->score(State(mels)).mean().item<double>(),
               end = asked("pitch(1900, ", "pitch")->score(State(mels)).mean().item<double>(),
               wide = asked("pitch(1900, noise=2, ", "pitch")->score(State(mels)).mean().item<double>();
  EXPECT_GT(middle, end + 5);
  EXPECT_NEAR(wide, end / 2, 1e-3);
  EXPECT_LT(end, 0);
}

TEST_F(SoundObjectives, RefusesWhatCannotBeAsked) {
  EXPECT_THAT(refusal([&] { asked("pitch(20, ", "pitch"); }), HasSubstr("hz"));
  EXPECT_THAT(refusal([&] { asked("pitch(220, ", "voice"); }), HasSubstr("family pitch"));
  EXPECT_THAT(refusal([&] { asked("speaker(", "voice"); }), HasSubstr("needs a sound"));
}

}  // namespace
}  // namespace steer

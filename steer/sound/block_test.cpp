#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/sound/block_modality.h"
#include "steer/sound/block_space.h"
#include "steer/sound/small_sounds.h"
#include "steer/sound/sound_files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(Blocks, AreASoundCutAndJoinedAgain) {
  const Sound sound = sine_sound(440, 0.3, 8000, 1000);
  const Space space = block_space(8000, 64);
  const State blocks = as_blocks(space, sound);
  ASSERT_EQ(blocks.x.sizes(), (std::vector<int64_t>{16, 64}));
  EXPECT_TRUE(torch::equal(blocks.x[3], sound.samples[0].narrow(0, 192, 64)));
  const Sound joined = sound_of_blocks(space, blocks);
  EXPECT_EQ(joined.frames(), 1024);
  EXPECT_EQ(joined.rate, 8000);
  EXPECT_TRUE(torch::equal(joined.samples.narrow(1, 0, 1000), sound.samples));
  EXPECT_EQ(joined.samples.narrow(1, 1000, 24).abs().max().item<float>(), 0);
}

TEST(Blocks, AreAsLoudAsTheWholeSoundIs) {
  Sound sound = sine_sound(440, 0.3, 8000, 640);
  sound.samples.narrow(1, 0, 320).mul_(0.1);
  const Space space = block_space(8000, 64, {0.6});
  const Tensor greatest = as_blocks(space, sound).x.abs().amax(1);
  EXPECT_FLOAT_EQ(greatest.max().item<float>(), 0.6F);
  EXPECT_NEAR(greatest[2].item<float>(), 0.06, 0.002);
  EXPECT_EQ(as_blocks(space, {at::zeros({1, 65}), 8000}).x.abs().max().item<float>(), 0);
  EXPECT_EQ(block_options_of(space).peak, 0.6);
  EXPECT_THAT(refusal([&] { block_options_of(wave_space(8000, 64)); }),
              HasSubstr("expected blocks of sound"));
}

TEST(Blocks, DataAreAllBlocksOfAllSoundsWithTheirClasses) {
  const TemporaryFolder folder;
  folder.put("3_ann_5.wav", encode_sound(sine_sound(400, 0.25, 8000, 700), "x.wav").bytes);
  folder.put("7_bob_6.wav", encode_sound(sine_sound(500, 0.25, 8000, 150), "x.wav").bytes);
  DataOptions options;
  options.path = "blocks:" + folder.path(), options.size = 100, options.peak = 0.5;
  const auto all = make_block_dataset(options);
  EXPECT_EQ(all->size(), 9);
  EXPECT_EQ(all->space(), block_space(8000, 100, {0.5}));
  EXPECT_EQ(all->classes(), (std::vector<std::string>{"3", "7"}));
  const Batch batch = all->batch({0, 6, 7, 8});
  EXPECT_TRUE(torch::equal(batch.told.label, torch::tensor({0, 0, 1, 1}, torch::kInt64)));
  options.limit = 3;
  const auto some = make_block_dataset(options);
  ASSERT_EQ(some->size(), 3);
  EXPECT_TRUE(torch::equal(some->batch({1}).data.x, all->batch({3}).data.x));
  DataOptions fitted;
  fitted.path = folder.path();
  block_modality().fitted(fitted, all->space());
  EXPECT_EQ(make_block_dataset(fitted)->space(), all->space());
  fitted.path = folder.path();
  EXPECT_THAT(refusal([&] { make_block_dataset(fitted); }), HasSubstr("blocks:PATH"));
}

TEST(Blocks, OfAFileAreReadWrittenAndShownAsOneSound) {
  const Space space = block_space(8000, 64);
  const State blocks = as_blocks(space, sine_sound(400, 0.5, 8000, 1024));
  const Modality& modality = block_modality();
  const std::string bytes = modality.file_of("x.wav", space, blocks);
  EXPECT_EQ(sound_from_bytes(bytes, "x.wav").frames(), 1024);
  const TemporaryFolder folder;
  const Tensor again = modality.read(folder.put("x.wav", bytes), space, "").x;
  EXPECT_LE((again - blocks.x).abs().max().item<double>(), 0.5 / 32768 + 1e-7);
  const Tensor one = modality.picture(space, {blocks}, 0), two = modality.picture(space, {blocks, blocks}, 0);
  EXPECT_EQ(two.size(1), 2 * one.size(1) - 2);  // they share a frame
  EXPECT_TRUE(two.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace steer

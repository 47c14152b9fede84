#include "steer/sound/frame_power.h"

#include <gtest/gtest.h>

#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// The power of all frames, group after group: [window / 2 + 1, frames].
Tensor power_by_groups(const Tensor& sound, const StftOptions& options) {
  const FramePower plan(options);
  const auto room = plan.room();
  const int64_t bins = options.window / 2 + 1, frames = stft_frames(sound.size(1), options);
  std::vector<Tensor> groups;
  for (int64_t first = 0; first < frames; first += kernels::kFrameLanes) {
    float* power = const_cast<float*>(plan.group(sound.data_ptr<float>(), sound.size(1), first, *room));
    const Tensor rows =
        torch::from_blob(power, {bins + FramePower::kSpareRows, kernels::kFrameLanes}).clone();
    EXPECT_EQ(rows.narrow(0, bins, FramePower::kSpareRows).abs().max().item<float>(), 0);
    EXPECT_TRUE(at::isfinite(rows).all().item<bool>());
    groups.push_back(rows.narrow(0, 0, bins));
  }
  return at::cat(groups, 1).narrow(1, 0, frames);
}

TEST(FramePower, IsThatOfTheTransformAtEverySize) {
  for (const int64_t window : {16, 32, 64, 128, 512, 1024, 2048, 8192})
    for (const int64_t hop : {window, window / 4, window / 3, int64_t{5}})
      for (const bool centred : {true, false}) {
        const StftOptions options = {window, hop, centred, hop % 2 == 0 ? "reflect" : "constant"};
        const int64_t samples = window + std::min<int64_t>(40 * hop, 9000) + 3;
        const Tensor sound = congruential_noise(1, samples), power = power_by_groups(sound, options);
        const Tensor expected =
            at::view_as_real(stft(sound.to(torch::kFloat64), options)).square().sum(-1)[0];
        ASSERT_EQ(power.sizes(), expected.sizes());
        EXPECT_LT(largest_difference(power, expected), 1e-6 * expected.max().item<double>())
            << window << ' ' << hop;
      }
}

TEST(FramePower, SeesTheWholeOfTheShortestSound) {
  for (const char* padding : {"reflect", "constant"}) {
    const StftOptions options = {64, 16, true, padding};
    const Tensor sound = congruential_noise(1, 64);
    const Tensor expected = at::view_as_real(stft(sound, options)).square().sum(-1)[0];
    EXPECT_LT(largest_difference(power_by_groups(sound, options), expected),
              1e-6 * expected.max().item<double>());
  }
}

TEST(FramePower, IsForPowersOfTwo) {
  EXPECT_TRUE(FramePower::suits({16, 4}));
  EXPECT_FALSE(FramePower::suits({400, 160}));
  EXPECT_EQ(refusal([] {
              FramePower({400, 160});
            }),
            "[frame_power] expected a window of a power of two but got 400");
}

}  // namespace
}  // namespace steer

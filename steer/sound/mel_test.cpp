#include "steer/sound/mel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "steer/core/host.h"
#include "steer/core/tensors.h"
#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

MelOptions small_bands(int64_t bands = 48) {
  MelOptions options;
  options.rate = 8000, options.window = 512, options.hop = 128, options.bands = bands;
  return options;
}

TEST(MelSpectrogram, HasTheNumbersOfLibrosa) {
  // librosa.feature.melspectrogram and power_to_db, 0.11.0, by tools/sound_goldens.py.
  const std::vector<std::array<int64_t, 2>> at = {{0, 0}, {5, 3}, {6, 16}, {25, 16}, {47, 32}};
  const std::vector<double> golden = {1.2327182, 0.010464659, 0.007560954, 0.5757466, 0.014423844};
  const MelSpectrogram plan(small_bands());
  const Tensor sound = golden_sound(4096, 8000), power = plan.forward(sound), bytes = plan.bytes(sound);
  ASSERT_EQ(shape_text(power.sizes()), "[1, 48, 33]");
  EXPECT_EQ(plan.frames(4096), 33);
  for (size_t i = 0; i < at.size(); ++i)
    EXPECT_NEAR(power[0][at[i][0]][at[i][1]].item<double>() / golden[i], 1, 1e-5) << i;
  const std::vector<int> column = {139, 141, 148, 135, 223, 135, 140, 145};
  for (size_t i = 0; i < column.size(); ++i)
    EXPECT_EQ(bytes[0][static_cast<int64_t>(6 * i)][16].item<int>(), column[i]);
  EXPECT_NEAR(bytes.to(torch::kFloat64).sum().item<double>(), 242165, 3);
}

TEST(MelSpectrogram, IsTheSameByLoopsAndBySeparateOperations) {
  for (const int64_t samples : {512, 2560, 4097}) {
    const MelSpectrogram plan(small_bands());
    const Tensor sound = congruential_noise(3, samples) * torch::tensor({1.0f, 0.01f, 3.0f}).unsqueeze(1);
    const Tensor power = plan.forward(sound), bytes = plan.bytes(sound);
    const AsOnADevice elsewhere;
    EXPECT_LT(((power - plan.forward(sound)) / power).abs().max().item<double>(), 1e-4);
    const Tensor apart = (bytes.to(torch::kInt32) - plan.bytes(sound).to(torch::kInt32)).abs();
    EXPECT_LE(apart.max().item<int>(), 1);
    EXPECT_LE(apart.sum().item<int64_t>(), bytes.numel() / 500);
  }
}

TEST(MelSpectrogram, TakesWindowsOfAnySizeAndRowsByThemselves) {
  MelOptions options = small_bands(20);
  for (const int64_t window : {256, 400, 375}) {
    options.window = window, options.hop = 100;
    const MelSpectrogram plan(options);
    const Tensor sound = congruential_noise(2, 1501), both = plan.forward(sound);
    EXPECT_EQ(shape_text(both.sizes()), "[2, 20, 16]");
    EXPECT_LT(((both[1] - plan.forward(sound.narrow(0, 1, 1))[0]) / both[1]).abs().max().item<double>(),
              1e-5);
    const Tensor apart = at::empty({1501, 2}).t().copy_(sound);
    EXPECT_TRUE(torch::equal(plan.bytes(apart), plan.bytes(sound)));
  }
}

TEST(MelSpectrogram, IsOnePlanForManyThreads) {
  const MelSpectrogram plan(small_bands());
  const Tensor sound = congruential_noise(6, 3000), expected = plan.bytes(sound);
  std::vector<Tensor> made(6);
  std::vector<std::thread> threads;
  for (int64_t n = 0; n < 6; ++n)
    threads.emplace_back([&, n] {
      for (int again = 0; again < 20; ++again)
        made[static_cast<size_t>(n)] = plan.bytes(sound.narrow(0, n, 1));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(torch::equal(at::cat(made), expected));
}

TEST(MelSpectrogram, APureToneLightsTheRowOfItsBand) {
  const MelSpectrogram plan(small_bands());
  for (const double hz : {250.0, 1000.0, 2900.0}) {
    const Tensor bytes = plan.bytes(pure_tone(4096, 8000, hz))[0];
    const int64_t k = std::lround(hz * 512 / 8000);
    const int64_t band = plan.filters().select(1, k).argmax().item<int64_t>();
    for (const int64_t t : {5, 16, 27})
      EXPECT_NEAR(bytes.select(1, t).argmax().item<int64_t>(), band, 1) << hz;
    EXPECT_LT(bytes[band > 24 ? 0 : 47][16].item<int>(), 60);
  }
  const auto row = [&](double hz) { return plan.bytes(pure_tone(4096, 8000, hz))[0].select(1, 16).argmax(); };
  EXPECT_LT(row(200).item<int64_t>(), row(3000).item<int64_t>());  // row 0 is the lowest
}

TEST(MelSpectrogram, DoesNotKnowHowLoudASoundIs) {
  const MelSpectrogram plan(small_bands());
  const Tensor sound = golden_sound(4096, 8000), bytes = plan.bytes(sound);
  for (const double gain : {1.0 / 1024, 64.0})
    EXPECT_LE((plan.bytes(sound * gain).to(torch::kInt32) - bytes.to(torch::kInt32)).abs().max().item<int>(),
              1);
  EXPECT_EQ(bytes.max().item<int>(), 255);
}

TEST(MelSpectrogram, OfSilenceIsFinite) {
  for (const int64_t window : {512, 400}) {
    MelOptions options = small_bands(24);
    options.window = window;
    const MelSpectrogram plan(options);
    const Tensor silence = at::zeros({2, 2000});
    EXPECT_EQ(plan.forward(silence).abs().max().item<float>(), 0);
    const Tensor bytes = plan.bytes(silence);
    EXPECT_EQ(bytes.max().item<int>(), 0);
    EXPECT_EQ(plan.inverse(plan.forward(silence)).abs().max().item<float>(), 0);
    EXPECT_EQ(power_levels(plan.forward(silence)).max().item<float>(), -80);
    EXPECT_LT(plan.sound(bytes, {4}).abs().max().item<float>(), 0.01F);
    EXPECT_TRUE(at::isfinite(plan.sound(bytes, {4})).all().item<bool>());
    EXPECT_EQ(plan.bytes(silence + 1e-20).max().item<int>(), 0);
  }
}

TEST(MelSpectrogram, ComesBackFromBytes) {
  const MelSpectrogram plan(small_bands());
  const Tensor sound = golden_sound(4096, 8000), bytes = plan.bytes(sound);
  const Tensor power = power_of_levels(byte_levels(bytes)), linear = plan.inverse(power);
  EXPECT_LT((at::matmul(plan.filters(), linear) - power).norm().item<double>(),
            1e-3 * power.norm().item<double>());
  const Tensor made = plan.sound(bytes, {}, torch::tensor({int64_t{7}}), 4096);
  ASSERT_EQ(made.sizes(), sound.sizes());
  const Tensor again = plan.bytes(made);
  EXPECT_LT((again.to(torch::kFloat32) - bytes.to(torch::kFloat32)).abs().mean().item<float>(), 12);
}

TEST(MelSpectrogram, IsDifferentiable) {
  const MelSpectrogram plan(small_bands());
  const Tensor sound = golden_sound(1024, 8000), direction = congruential_noise(1, 1024);
  Tensor told = sound.clone().requires_grad_();
  plan.forward(told).sum().backward();
  const double h = 1e-3, slope = (told.grad() * direction).sum().item<double>();
  const auto sum = [&](double step) {
    return plan.forward(sound + step * direction).to(torch::kFloat64).sum();
  };
  EXPECT_NEAR((sum(h) - sum(-h)).item<double>() / (2 * h) / slope, 1, 1e-3);
}

TEST(MelSpectrogram, NamesWhatItCannotTransform) {
  const MelSpectrogram plan(small_bands());
  EXPECT_EQ(refusal([&] {
              plan.bytes(at::zeros({1, 300}));
            }),
            "[stft] expected a sound of at least a window, 512 samples, but got 300");
  EXPECT_EQ(refusal([&] { plan.frames(511); }),
            "[stft] expected a sound of at least a window, 512 samples, but got 511");
  EXPECT_EQ(refusal([&] { plan.forward(at::zeros({600})); }),
            "[mel] expected float32 sounds [N, T] but got Float [600]");
  for (const float fault : {NAN, INFINITY, 1e30F})
    for (const int64_t where : {0, 300, 999}) {
      const Tensor sound = at::zeros({2, 1000});
      sound[1][where] = fault;
      for (const auto& action :
           {std::function<void()>([&] { plan.forward(sound); }), {[&] { plan.bytes(sound); }}})
        EXPECT_EQ(refusal(action),
                  "[mel] expected samples that are finite and whose power is, but got others");
    }
  EXPECT_NE(refusal([] { MelSpectrogram(small_bands(512)); }).find("in each of 512 bands"),
            std::string::npos);
}

TEST(Levels, GoToBytesAndBackWithinHalfAStep) {
  const Tensor levels = at::linspace(-80, 0, 4001).view({1, -1});
  EXPECT_LT(largest_difference(byte_levels(level_bytes(levels)), levels), 40.0 / 255 + 1e-5);
  const Tensor bytes = at::arange(256).to(torch::kUInt8);
  for (const double floor_db : {-80.0, -60.0, -120.0})
    EXPECT_TRUE(torch::equal(level_bytes(byte_levels(bytes, floor_db), floor_db), bytes));
  EXPECT_EQ(level_bytes(torch::tensor({-200.0f, 3.0f}))[0].item<int>(), 0);
  EXPECT_EQ(level_bytes(torch::tensor({-200.0f, 3.0f}))[1].item<int>(), 255);
}

TEST(Levels, OfMiddleGreyAreHalfTheFloor) {
  EXPECT_FLOAT_EQ(byte_levels(torch::tensor({127.5f})).item<float>(), -40);
}

TEST(Levels, AreRelativeToTheLargestOfARow) {
  const Tensor power = torch::tensor({{1.0f, 10.0f, 1e-9f}, {100.0f, 0.0f, 1.0f}});
  const Tensor expected = torch::tensor({{-10.0f, 0.0f, -80.0f}, {0.0f, -80.0f, -20.0f}});
  EXPECT_LT(largest_difference(power_levels(power), expected), 1e-5);
  EXPECT_LT(largest_difference(power_of_levels(torch::tensor({-20.0f, 0.0f})), torch::tensor({0.01f, 1.0f})),
            1e-7);
  EXPECT_NE(refusal([] { power_levels(at::full({1, 2}, INFINITY)); }).find("finite"), std::string::npos);
}

}  // namespace
}  // namespace steer

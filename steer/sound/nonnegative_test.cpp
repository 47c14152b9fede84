#include "steer/sound/nonnegative.h"

#include <gtest/gtest.h>

#include "steer/core/tensors.h"
#include "steer/sound/mel.h"
#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

Tensor column(std::vector<float> values) {
  return torch::tensor(std::move(values)).view({1, -1, 1});
}

double residual(const Tensor& A, const Tensor& x, const Tensor& b) {
  return (at::matmul(A.to(torch::kFloat64), x.to(torch::kFloat64)) - b).norm().item<double>();
}

TEST(LeastNonnegative, SolvesWhatCanBeSolvedByHand) {
  const Tensor A = torch::tensor({{1.0f, 1.0f, 0.0f}, {0.0f, 1.0f, 1.0f}});
  // All three take part: the least of x0 + x1 = 3, x1 + x2 = 3.
  EXPECT_LT(largest_difference(least_nonnegative(A, column({3, 3})), column({1, 2, 1})), 1e-5);
  // Of x0 + x1 = 5, x1 + x2 = 0 only x0 = 5 has no negative number.
  EXPECT_LT(largest_difference(least_nonnegative(A, column({5, 0})), column({5, 0, 0})), 1e-5);
  // (1, -1) is nearest where the second row stays 0.
  EXPECT_LT(largest_difference(least_nonnegative(A, column({1, -1})), column({1, 0, 0})), 1e-5);
  EXPECT_EQ(least_nonnegative(A, at::zeros({1, 2, 3})).abs().max().item<float>(), 0);
  // (0, 1) with the generators (1, 1) and (1, 2): along the second, 2 / 5.
  const Tensor narrow = torch::tensor({{1.0f, 1.0f}, {1.0f, 2.0f}});
  EXPECT_LT(largest_difference(least_nonnegative(narrow, column({0, 1})), column({0, 0.4f})), 1e-5);
}

TEST(LeastNonnegative, IsWhereNoNumberCouldChangeForTheBetter) {
  MelOptions options;
  options.rate = 8000, options.window = 512, options.hop = 128, options.bands = 64;
  const Tensor A = mel_filters(options), b = congruential_noise(3, 64 * 5).abs().pow(4).view({3, 64, 5});
  const Tensor x = least_nonnegative(A, b);
  ASSERT_EQ(shape_text(x.sizes()), "[3, 257, 5]");
  EXPECT_GE(x.min().item<float>(), 0);
  const Tensor slope = at::matmul(A.t(), at::matmul(A, x.to(torch::kFloat64)) - b);
  const double scale = at::matmul(A.t(), b.to(torch::kFloat64)).max().item<double>();
  EXPECT_GT(slope.min().item<double>(), -1e-6 * scale);
  EXPECT_LT((slope * (x > 0)).abs().max().item<double>(), 1e-6 * scale);
  EXPECT_LT(largest_difference(x[1].unsqueeze(0), least_nonnegative(A, b.narrow(0, 1, 1))), 1e-12);
  EXPECT_LT(largest_difference(x * 1e-6, least_nonnegative(A, b * 1e-6)), 1e-8 * x.max().item<double>());
}

TEST(LeastNonnegative, LeavesNoMoreThanScipyDoes) {
  // Residuals of scipy.optimize.nnls 1.17.1, and of librosa.util.nnls 0.11.0 over all frames, by
  // tools/sound_goldens.py.
  const std::vector<double> golden = {0.053046791, 0.052272354, 0.052437064, 0.032020832};
  const double librosas = 0.96935582;
  MelOptions options;
  options.rate = 8000, options.window = 512, options.hop = 128, options.bands = 48;
  const MelSpectrogram plan(options);
  Tensor power = power_of_levels(byte_levels(plan.bytes(golden_sound(4096, 8000))));
  power.slice(1, 0, 48, 2).mul_(0.01);
  const Tensor x = least_nonnegative(plan.filters(), power);
  const std::vector<int64_t> frames = {0, 9, 16, 32};
  for (size_t i = 0; i < frames.size(); ++i)
    EXPECT_NEAR(
        residual(plan.filters(), x[0].select(1, frames[i]), power[0].select(1, frames[i])) / golden[i], 1,
        1e-3);
  EXPECT_LT(residual(plan.filters(), x[0], power[0]), librosas);
}

TEST(LeastNonnegative, TakesRowsAndColumnsOfNothing) {
  const Tensor A = torch::tensor({{0.0f, 2.0f}, {0.0f, 0.0f}});
  EXPECT_LT(largest_difference(least_nonnegative(A, column({4, 7})), column({0, 2})), 1e-5);
  EXPECT_EQ(least_nonnegative(at::zeros({2, 2}), column({4, 7})).abs().max().item<float>(), 0);
}

TEST(LeastNonnegative, NamesWhatItCannotSolve) {
  const Tensor wide = torch::tensor({{1.0f}, {0.0f}, {1.0f}}),
               three = torch::tensor({{1.0f}, {1.0f}, {1.0f}});
  for (const Tensor& A : {wide, three})
    EXPECT_EQ(refusal([&] {
                least_nonnegative(A, at::ones({1, 3, 1}));
              }),
              "[least_nonnegative] expected entries in two neighbouring rows but column 0 has others");
  EXPECT_EQ(refusal([] {
              least_nonnegative(-at::ones({1, 1}), at::ones({1, 1, 1}));
            }),
            "[least_nonnegative] expected entries of at least 0 but got -1");
  EXPECT_EQ(refusal([] {
              least_nonnegative(at::ones({1, 1}), at::full({1, 1, 1}, NAN));
            }),
            "[least_nonnegative] expected finite values");
  EXPECT_EQ(refusal([] {
              least_nonnegative(at::ones({1, 1}), at::ones({1, 2, 1}));
            }),
            "[least_nonnegative] expected a matrix [B, F] and values [N, B, T] but got [1, 1] and [1, 2, 1]");
}

}  // namespace
}  // namespace steer

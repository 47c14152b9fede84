#include "steer/image/gram.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/image/image_space.h"
#include "steer/image/words.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/script_files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// Maps, the same as tokens, and rows that are neither.
const char* const kMaps =
    "def forward(self, x):\n  return torch.stack([x[:, 0], 2.0 * x[:, 1] * x[:, 2]], 1)\n";
const char* const kTokens =
    "def forward(self, x):\n"
    "  return torch.stack([x[:, 0], 2.0 * x[:, 1] * x[:, 2]], 1).flatten(2).transpose(1, 2)\n";
const char* const kRows = "def forward(self, x):\n  return x.flatten(1)\n";

Tensor small_pictures(int64_t count, uint64_t seed) {
  torch::manual_seed(seed);
  return torch::rand({count, 3, 6, 6}) * 2 - 1;
}

TEST(Gram, IsTheFrobeniusNormOfTheDifferenceOverAHundred) {
  const TemporaryFolder folder;
  const ScriptedNetwork maps(write_script(folder / "a.pt", kMaps), torch::kCPU);
  const ScriptedNetwork tokens(write_script(folder / "b.pt", kTokens), torch::kCPU);
  const Tensor truth = small_pictures(2, 1), x = small_pictures(4, 2);
  const auto entries = [](const Tensor& images) {  // of G: [N, 4]
    const Tensor a = images.select(1, 0), b = 2 * images.select(1, 1) * images.select(1, 2);
    const Tensor ab = (a * b).sum({1, 2});
    return at::stack({a.square().sum({1, 2}), ab, ab, b.square().sum({1, 2})}, 1);
  };
  const Tensor expected =
      -(entries(x) - entries(truth).repeat_interleave(2, 0)).square().sum({1}).sqrt() / 100;
  const GramObjective objective(maps, truth, {6, false}, "gram()");
  EXPECT_EQ(objective.targets(), 2);
  EXPECT_TRUE(torch::allclose(objective.score(x), expected, 1e-4, 1e-6));
  EXPECT_TRUE(
      torch::allclose(GramObjective(tokens, truth, {6, false}, "gram()").score(x), expected, 1e-4, 1e-6));
}

TEST(Gram, IsHighestAtItsPictureAndAtWhatMovesItsTextures) {
  const TemporaryFolder folder;
  const ScriptedNetwork maps(write_script(folder / "a.pt", kMaps), torch::kCPU);
  const Tensor truth = small_pictures(2, 3);
  const GramObjective objective(maps, truth, {6, false}, "gram()");
  EXPECT_TRUE(objective.score(truth).eq(0).all().item<bool>());
  EXPECT_NEAR(objective.score(truth.roll({2, 3}, {2, 3})).abs().max().item<float>(), 0, 1e-5);
  EXPECT_LT(objective.score(truth + 0.2 * torch::randn_like(truth)).max().item<float>(), -1e-4);
  // At the picture itself the gradient is zero, not undefined.
  Tensor x = truth.clone().requires_grad_();
  objective.score(x).sum().backward();
  EXPECT_EQ(x.grad().abs().max().item<float>(), 0);
}

TEST(Gram, GradientsMatchFiniteDifferences) {
  const TemporaryFolder folder;
  const ScriptedNetwork maps(write_script(folder / "a.pt", kMaps), torch::kCPU);
  const GramObjective objective(maps, small_pictures(1, 4), {6, true}, "gram()");
  Tensor x = small_pictures(1, 5).to(torch::kFloat64).requires_grad_();
  objective.score(x).sum().backward();
  torch::manual_seed(6);
  const Tensor direction = torch::randn_like(x);
  torch::NoGradGuard no_grad;
  const double slope =
      (objective.score(x + 1e-2 * direction) - objective.score(x - 1e-2 * direction)).item<double>() / 2e-2;
  const double expected = (x.grad() * direction).sum().item<double>();
  EXPECT_NEAR(slope, expected, 2e-3 * std::abs(expected));
}

TEST(Gram, WordsNameTheNetworkAndWrongFeaturesAreRefused) {
  const TemporaryFolder folder;
  write_script(folder / "maps.pt", kMaps);
  write_script(folder / "rows.pt", kRows);
  write_png(folder / "x.png", small_pictures(1, 7)[0]);
  ObjectiveContext context;
  context.space = image_space(3, 6, 6);
  const auto made = [&](const std::string& network) {
    return objective_of("gram('" + (folder / "x.png") + "', model='" + (folder / network) + "', size=6)",
                        vocabulary_of({&image_words()}), context);
  };
  const auto objective = made("maps.pt");
  EXPECT_EQ(objective->score(objective->degraded()).item<float>(), 0);
  EXPECT_EQ(refusal([&] { made("rows.pt"); }),
            "[gram] expected features [N, C, h, w] or [N, T, C] but got [1, 108]");
  EXPECT_THROW(objective_of("gram('" + (folder / "x.png") + "')", vocabulary_of({&image_words()}), context),
               Error);
}

}  // namespace
}  // namespace steer

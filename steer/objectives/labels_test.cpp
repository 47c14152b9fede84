#include "steer/objectives/labels.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/objectives/words.h"
#include "steer/testing/refusal.h"
#include "steer/testing/script_files.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// Logits of three classes: the mean of the image, its negative, and 0.
SavedNetwork brightness() {
  return {[](const Tensor& x) {
            const Tensor m = x.mean({1, 2, 3});
            return at::stack({m, -m, at::zeros_like(m)}, 1);
          },
          0, 0, "brightness"};
}

TEST(Labels, TheScoreIsTheLogarithmOfTheSoftmax) {
  const Tensor x = torch::full({1, 1, 4, 4}, 0.5);
  const double sum = std::exp(0.5) + std::exp(-0.5) + 1;
  const auto score = [&](int64_t label, double temperature) {
    return LabelObjective(brightness(), torch::tensor({label}, torch::kInt64), temperature, "l")
        .score(x)
        .item<double>();
  };
  EXPECT_NEAR(score(0, 1), 0.5 - std::log(sum), 1e-6);
  EXPECT_NEAR(score(2, 1), -std::log(sum), 1e-6);
  EXPECT_NEAR(score(1, 0.5), -1 - std::log(std::exp(1) + std::exp(-1) + 1), 1e-6);
  EXPECT_NEAR(CertainObjective(brightness(), "e").score(x).item<double>(), 0.5 - std::log(sum), 1e-6);
}

TEST(Labels, EachGroupIsAskedForItsOwnClass) {
  const Tensor x = torch::tensor({0.5, -0.5, 0.5, -0.5}).view({4, 1, 1, 1}).expand({4, 1, 2, 2});
  const LabelObjective objective(brightness(), torch::tensor({0, 1}, torch::kInt64), 1, "l");
  const Tensor score = objective.score(x);
  EXPECT_EQ(objective.targets(), 2);
  EXPECT_GT(score[0].item<float>(), score[1].item<float>());
  EXPECT_GT(score[3].item<float>(), score[2].item<float>());
  EXPECT_EQ(score[0].item<float>(), score[3].item<float>());
  EXPECT_THROW(objective.score(x.narrow(0, 0, 3)), Error);
}

TEST(Labels, ManyImagesInPiecesScoreAsAloneAndHaveAGradient) {
  const Tensor x = torch::randn({600, 1, 2, 2});
  const LabelObjective objective(brightness(), torch::tensor({1}, torch::kInt64), 1, "l");
  EXPECT_TRUE(torch::allclose(objective.score(x).narrow(0, 550, 20), objective.score(x.narrow(0, 550, 20))));
  Tensor y = x.clone().requires_grad_();
  objective.score(y).sum().backward();
  EXPECT_LT(y.grad().max().item<float>(), 0);
}

TEST(Labels, WordsNameTheClassOrAskForAllInTurn) {
  const TemporaryFolder folder;
  const std::string file = write_script(
      folder / "c.pt",
      "def forward(self, x):\n  m = x.mean(dim=[1, 2, 3])\n  return torch.stack([m, -m, 0 * m], 1)\n");
  ObjectiveContext context;
  context.space.sizes = {1, 4, 4};
  const auto label_refusal = [&](const std::string& words) {
    return refusal([&] { objective_of(words, vocabulary_of({&common_words()}), context); });
  };
  const std::string label = "label(2, classifier='" + file + "', temperature=2)";
  const auto objective = objective_of(label, vocabulary_of({&common_words()}), context);
  EXPECT_EQ(objective->asked()[0].item<int64_t>(), 2);
  EXPECT_EQ(objective_of(objective->words(), vocabulary_of({&common_words()}), context)->words(),
            objective->words());
  EXPECT_NE(label_refusal("label(3, classifier='" + file + "')")
                .find("expected a number from 0 to 2, but got \"3\""),
            std::string::npos);
  EXPECT_NE(label_refusal("label(classifier='" + file + "')").find("label needs a class"), std::string::npos);
  EXPECT_NE(label_refusal("label(1)").find("needs the argument classifier"), std::string::npos);
  EXPECT_NE(label_refusal("label(1, classifier=absent.pt)").find("absent.pt"), std::string::npos);
  EXPECT_EQ(label_refusal("certain(classifier='" + file + "')"), "accepted");
  EXPECT_EQ(label_refusal("entropy(classifier='" + file + "')"), "accepted");
  context.samples = 4;
  context.first_sample = 5;
  const Tensor asked =
      objective_of("2*label(classifier='" + file + "')", vocabulary_of({&common_words()}), context)->asked();
  EXPECT_TRUE(torch::equal(asked, torch::tensor({2, 0, 1, 2}, torch::kInt64)));
}

}  // namespace
}  // namespace steer

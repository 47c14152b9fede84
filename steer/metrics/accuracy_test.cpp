#include "steer/metrics/accuracy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

// Logits whose softmax puts p on `taken` of three classes and the rest evenly on the others.
Tensor sure_of(std::vector<int64_t> taken, double p) {
  Tensor logits = torch::full({static_cast<int64_t>(taken.size()), 3}, std::log((1 - p) / 2));
  for (size_t i = 0; i < taken.size(); ++i) logits[static_cast<int64_t>(i)][taken[i]] = std::log(p);
  return logits;
}

TEST(Accuracy, CountsRightOnesAndWhatIsTakenForWhat) {
  const Tensor label = torch::tensor({0, 0, 1, 2}, torch::kInt64);
  const Accuracy a = accuracy(sure_of({0, 1, 1, 0}, 0.8), label);
  EXPECT_DOUBLE_EQ(a.share, 0.5);
  EXPECT_TRUE(torch::equal(a.confusion, torch::tensor({{1, 1, 0}, {0, 1, 0}, {1, 0, 0}}, torch::kInt64)));
}

TEST(Accuracy, AgreementIsByClassAndItsConfidenceIsTheProbabilityOfTheClassAsked) {
  const Tensor asked = torch::tensor({0, 0, 1}, torch::kInt64);
  const Agreement a = agreement(sure_of({0, 1, 1}, 0.8), asked);
  EXPECT_NEAR(a.share, 2.0 / 3, 1e-12);
  EXPECT_NEAR(a.confidence, (0.8 + 0.1 + 0.8) / 3, 1e-6);
  EXPECT_EQ(a.by_class[0].item<double>(), 0.5);
  EXPECT_EQ(a.by_class[1].item<double>(), 1);
  EXPECT_TRUE(std::isnan(a.by_class[2].item<double>()));
}

TEST(Accuracy, RefusesLabelsOutsideTheClasses) {
  EXPECT_THROW(accuracy(torch::zeros({2, 3}), torch::tensor({0, 3}, torch::kInt64)), Error);
  EXPECT_THROW(accuracy(torch::zeros({2, 3}), torch::tensor({-1, 0}, torch::kInt64)), Error);
  EXPECT_THROW(accuracy(torch::zeros({2, 3}), torch::tensor({0}, torch::kInt64)), Error);
}

}  // namespace
}  // namespace steer

// Average precision, plain and calibrated, against values by hand and by chance.
#include "steer/metrics/average_precision.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace steer {
namespace {

TEST(AveragePrecision, IsTheMeanPrecisionAtThePositives) {
  // In the order of scores: hit, miss, hit, hit, miss: (1 + 2/3 + 3/4) / 3.
  const Tensor score = torch::tensor({0.2, 0.9, 0.7, 0.5, 0.1}, torch::kFloat64);
  const Tensor positive = torch::tensor({true, true, false, true, false});
  EXPECT_NEAR(average_precision(score, positive), (1 + 2. / 3 + 3. / 4) / 3, 1e-12);
  // Misses count a half: (1 + 2/2.5 + 3/3.5) / 3.
  EXPECT_NEAR(average_precision(score, positive, 2), (1 + 2 / 2.5 + 3 / 3.5) / 3, 1e-12);
  EXPECT_EQ(average_precision(-score, torch::tensor({false, false, false, false, true})), 1);
  EXPECT_TRUE(std::isnan(average_precision(score, torch::zeros({5}, torch::kBool))));
}

// Which of equal scores comes first must not matter.
TEST(AveragePrecision, EqualScoresCountTogether) {
  const Tensor score = torch::zeros({4}, torch::kFloat64);
  for (int64_t i = 0; i < 4; ++i) {
    Tensor positive = torch::zeros({4}, torch::kBool);
    positive[i] = true;
    EXPECT_EQ(average_precision(score, positive), 0.25);
  }
}

TEST(AveragePrecision, ChanceIsTheShareOfTheClassAndCalibratedOneHalf) {
  torch::manual_seed(1);
  constexpr int64_t kFrames = 60000;
  const Tensor label = (torch::rand({kFrames}) < 0.05).to(torch::kInt64);
  const FramePrecision found = frame_precision(torch::rand({kFrames, 3}), label, 1);
  EXPECT_NEAR(found.each[0].item<double>(), 0.05, 0.01);
  EXPECT_NEAR(found.calibrated[0].item<double>(), 0.5, 0.03);
  EXPECT_TRUE(std::isnan(found.each[1].item<double>())) << "a class without frames";
  EXPECT_EQ(found.mean, found.each[0].item<double>()) << "is left out";
}

}  // namespace
}  // namespace steer

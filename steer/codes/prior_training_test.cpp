#include "steer/codes/prior_training.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

// Codes of 3 layers, K = 8: the first index is even over all, the second is the first plus 1, the third is
// even over 4 of 8.
Tensor chained_codes(int64_t count) {
  const Tensor first = (uniform_rows(sample_seeds(1, count), 1, {1}) * 8).to(torch::kInt64);
  const Tensor third = (uniform_rows(sample_seeds(1, count), 2, {1}) * 4).to(torch::kInt64);
  return at::cat({first, (first + 1).remainder(8), third}, 1);
}

PriorTrainingOptions short_training() {
  PriorTrainingOptions options;
  options.width = 16;
  options.steps = 300;
  options.rate = 2e-2;
  options.batch = 64;
  options.forget = 0;
  options.drop = 0;
  options.held_out = 0.2;
  return options;
}

TEST(PriorTraining, FindsWhatOneIndexSaysOfTheNext) {
  const PriorTraining made = train_prior({chained_codes(2000)}, {8, 8, 8}, short_training(), nullptr, {});
  // The code holds 3 + 0 + 2 bits; counting each layer on its own sees 3 + 3 + 2.
  EXPECT_NEAR(made.counted_bits, 8, 0.1);
  EXPECT_NEAR(made.bits, 5, 0.1);
  EXPECT_NEAR(made.bits / made.real_bits, 1, 0.005);
}

TEST(PriorTraining, LearnsWhatALabelSays) {
  // The first index is the label, told or not.
  const Tensor code = chained_codes(2000), label = code.select(1, 0).contiguous();
  const PriorTraining made = train_prior({code, label, 8}, {8, 8, 8}, short_training(), nullptr, {});
  EXPECT_NEAR(made.bits, 2, 0.1);
  EXPECT_EQ(Prior(made.best, 0).labels(), 8);
  PriorTrainingOptions more = short_training();
  more.steps = 10, more.rate = 1e-3;
  EXPECT_NEAR(train_prior({code, label, 8}, {8, 8, 8}, more, &made.best, {}).bits, made.bits, 0.1);
  EXPECT_THROW(train_prior({code, label, 7}, {8, 8, 8}, more, nullptr, {}), Error);
  EXPECT_THROW(train_prior({code, {}, 8}, {8, 8, 8}, more, nullptr, {}), Error);
}

TEST(PriorTraining, IsRepeatable) {
  PriorTrainingOptions options = short_training();
  options.steps = 20;
  options.forget = options.drop = 0.1;
  const Tensor code = chained_codes(300);
  const PriorTraining one = train_prior({code}, {8, 8, 8}, options, nullptr, {});
  const PriorTraining two = train_prior({code}, {8, 8, 8}, options, nullptr, {});
  EXPECT_EQ(Prior(one.best, 0).fingerprint(), Prior(two.best, 0).fingerprint());
}

TEST(PriorTraining, WhatIsNotShownFollowsTheSeed) {
  const PriorNetwork network(std::vector<int64_t>{8, 8, 8}, 16, 3);
  const Tensor code = chained_codes(300), all = network->loss(code, {});
  EXPECT_TRUE(torch::equal(network->loss(code, {}, 0, 0, 5), all));
  for (const auto& [forget, drop] : {std::pair(0.5, 0.0), std::pair(0.0, 0.5)}) {
    const Tensor some = network->loss(code, {}, forget, drop, 5);
    EXPECT_FALSE(torch::allclose(some, all));
    EXPECT_TRUE(torch::equal(network->loss(code, {}, forget, drop, 5), some));
    EXPECT_FALSE(torch::allclose(network->loss(code, {}, forget, drop, 6), some));
  }
}

TEST(PriorTraining, GoesOnFromWhatWasLearned) {
  PriorTrainingOptions options = short_training();
  const Tensor code = chained_codes(2000);
  const PriorTraining first = train_prior({code}, {8, 8, 8}, options, nullptr, {});
  options.steps = 10;
  options.rate = 1e-3;
  EXPECT_NEAR(train_prior({code}, {8, 8, 8}, options, &first.best, {}).bits, first.bits, 0.1);
}

TEST(PriorTraining, AStopKeepsTheBest) {
  int asked = 0, improved = 0;
  PriorHooks hooks;
  hooks.stop = [&] { return ++asked == 5; };
  hooks.improved = [&](const PriorTraining&) { ++improved; };
  const PriorTraining made = train_prior({chained_codes(300)}, {8, 8, 8}, short_training(), nullptr, hooks);
  EXPECT_EQ(made.steps, 5);
  EXPECT_EQ(improved, 1);
  EXPECT_EQ(Prior(made.best, 0).depth(), 3);
}

TEST(PriorTraining, SenselessOptionsAreRefused) {
  const Tensor code = chained_codes(10);
  PriorTrainingOptions options = short_training();
  options.forget = 1;
  EXPECT_THROW(train_prior({code}, {8, 8, 8}, options, nullptr, {}), Error);
  options = short_training();
  options.steps = 0;
  options.minutes = 0;
  EXPECT_THROW(train_prior({code}, {8, 8, 8}, options, nullptr, {}), Error);
  EXPECT_THROW(train_prior({code.narrow(0, 0, 1)}, {8, 8, 8}, short_training(), nullptr, {}), Error);
}

}  // namespace
}  // namespace steer

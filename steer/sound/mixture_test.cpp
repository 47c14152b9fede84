#include "steer/sound/mixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/objectives/words.h"
#include "steer/sound/wave_space.h"
#include "steer/sound/wave_words.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

Tensor waves(int64_t count, uint64_t seed) {
  torch::manual_seed(seed);
  return 0.2 * torch::randn({count, 1, 1, 6}, torch::kFloat64);
}

TEST(Mixture, ScoresOfItsPartsAreTheLikelihoodOfTheirSum) {
  const Tensor y = waves(2, 1), x = waves(6, 2);
  const MixtureObjective objective(y, 3, 0.1, "mix()");
  const Tensor scores = objective.score(State(x));
  for (int64_t i = 0; i < 2; ++i) {
    const double wanted = -(y[i] - x.narrow(0, 3 * i, 3).sum(0)).square().sum().item<double>() / 0.02;
    EXPECT_NEAR(scores.narrow(0, 3 * i, 3).sum().item<double>(), wanted, 1e-9);
    EXPECT_NEAR(scores[3 * i].item<double>(), wanted / 3, 1e-9);
  }
  // True parts lack nothing; of several groups for one mixture each is judged by itself.
  const MixtureObjective one(x.narrow(0, 0, 3).sum(0, true), 3, 0.1, "mix()");
  EXPECT_NEAR(one.score(State(x))[0].item<double>(), 0, 1e-12);
  EXPECT_LT(one.score(State(x))[3].item<double>(), -0.1);
}

TEST(Mixture, EveryPartIsPulledAlike) {
  const MixtureObjective objective(waves(1, 1), 2, 0.1, "mix()");
  const Tensor x = waves(2, 2).requires_grad_(true);
  objective.score(State(x)).sum().backward();
  EXPECT_TRUE(torch::allclose(x.grad()[0], x.grad()[1]));
  EXPECT_TRUE(torch::allclose(x.grad()[0], (waves(1, 1)[0] - x.sum(0)) / 0.01));
}

TEST(Mixture, AsksForWholeGroups) {
  const MixtureObjective objective(waves(2, 1), 2, 0.1, "mix()");
  EXPECT_THAT(refusal([&] { objective.score(State(waves(6, 2))); }),
              HasSubstr("expected a multiple of 4 samples"));
  EXPECT_THAT(refusal([] { MixtureObjective(waves(1, 1), 1, 0.1, ""); }), HasSubstr("at least two parts"));
  EXPECT_EQ(group_of(objective), 2);
}

std::unique_ptr<Objective> mix(const std::string& words, const ObjectiveContext& context) {
  Vocabulary vocabulary;
  for (const auto* words_of_kind : {&common_words(), &wave_words()})
    for (const Word& word : *words_of_kind) vocabulary.push_back(&word);
  return objective_of(words, vocabulary, context);
}

TEST(Mixture, OfTruthsTheirGroupsAreMixed) {
  ObjectiveContext context;
  context.space = wave_space(8000, 6, {0.5});
  context.truth = waves(4, 3).to(torch::kFloat32);
  const auto objective = mix("mix()", context);
  EXPECT_EQ(objective->targets(), 2);
  EXPECT_NEAR(objective->score(State(context.truth)).sum().item<double>(), 0, 1e-6);
  EXPECT_TRUE(torch::allclose(objective->degraded()[1], context.truth.narrow(0, 2, 2).sum(0)));
  EXPECT_EQ(group_of(*mix("mix() + 0.5*gaussian()", context)), 2);
  EXPECT_EQ(group_of(*mix("denoise()", context)), 1);
  context.truth = context.truth.narrow(0, 0, 3);
  EXPECT_THAT(refusal([&] { mix("mix()", context); }), HasSubstr("whole groups of 2"));
}

}  // namespace
}  // namespace steer

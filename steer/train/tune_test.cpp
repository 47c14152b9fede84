#include "steer/train/tune.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/models/small_models.h"

namespace steer {
namespace {

// Bright images are wanted.
struct Bright : Objective {
  Tensor score(const State& sample) const override { return sample.x.mean({1, 2, 3}) * 50 - 60; }
  bool differentiable() const override { return true; }
  std::string words() const override { return "bright()"; }
};

double mean_score(DdnModel& model) {
  return Bright().score(model.plan(nullptr)->draw({sample_seeds(77, 32), {}}).state).mean().item<double>();
}

TuneOptions quick() {
  TuneOptions options;
  options.minutes = 10;
  options.batch = 8;
  options.rate = 3e-3;
  options.anchor = options.keep = 0;
  return options;
}

TuneWatch for_steps(int64_t steps) {
  return [steps](double, const TuneState& state) { return state.steps < steps; };
}

TEST(Tune, RaisesTheScoreOfUnguidedSamplesOfBothNetworks) {
  for (const char* network : {"pyramid", "recurrent"}) {
    auto model = small_ddn(network);
    const double before = mean_score(*model);
    const TuneState state = tune(*model, Bright(), quick(), for_steps(30));
    EXPECT_EQ(state.steps, 30);
    EXPECT_GT(mean_score(*model), before + 2) << network;
  }
}

TEST(Tune, AHeavyAnchorHoldsTheModelWhereItWas) {
  auto loose = small_ddn("pyramid");
  auto held = small_ddn("pyramid");
  const double before = mean_score(*held);
  TuneOptions options = quick();
  const TuneState moved = tune(*loose, Bright(), options, for_steps(30));
  options.keep = 1e4;
  const TuneState stayed = tune(*held, Bright(), options, for_steps(30));
  EXPECT_LT(std::abs(mean_score(*held) - before), 1);
  EXPECT_LT(stayed.keep, 0.02 * moved.keep);
}

TEST(Tune, ScoresThatSatisfyGainNoMore) {
  auto model = small_ddn("pyramid");
  TuneOptions options = quick();
  options.satisfied = -1000;  // all scores are above
  const auto before = model->network().parameters()[0].detach().clone();
  tune(*model, Bright(), options, for_steps(3));
  EXPECT_TRUE(torch::equal(before, model->network().parameters()[0]));
}

TEST(Tune, ObjectivesWithoutAGradientAreRefused) {
  struct Blind : Bright {
    bool differentiable() const override { return false; }
  };
  auto model = small_ddn("pyramid");
  EXPECT_THROW(tune(*model, Blind(), quick(), for_steps(1)), Error);
  TuneOptions options = quick();
  options.rate = 0;
  EXPECT_THROW(tune(*model, Bright(), options, for_steps(1)), Error);
}

}  // namespace
}  // namespace steer

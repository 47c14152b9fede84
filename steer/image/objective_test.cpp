#include "steer/objectives/objective.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "steer/core/check.h"
#include "steer/image/linear.h"
#include "steer/image/masks.h"

namespace steer {
namespace {

// Likes dark samples, in a way that is neither linear nor differentiable.
class Dark : public Objective {
 public:
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return -(x > 0).to(torch::kFloat32).sum({1, 2, 3});
  }
  bool differentiable() const override { return false; }
  std::string words() const override { return "dark()"; }
};

std::unique_ptr<Objective> linear(LinearTask task, const char* words) {
  return std::make_unique<LinearObjective>(std::move(task), words);
}

TEST(WeightedSum, AddsScoresAndMeasurements) {
  const Tensor truth = torch::rand({2, 3, 8, 8}), x = torch::rand({4, 3, 8, 8});
  const LinearTask left = inpaint(truth, make_mask("left", 8, 8)), small = super_resolve(truth, 2, 0.1);
  std::vector<WeightedSum::Term> terms;
  terms.push_back({0.5, linear(left, "a()")});
  terms.push_back({1.0, linear(small, "b()")});
  const WeightedSum sum(std::move(terms));
  const Tensor expected = 0.5 * log_likelihood(left.measurement, x) + log_likelihood(small.measurement, x);
  EXPECT_TRUE(torch::allclose(sum.score(x), expected));
  const std::vector<Measurement> parts = sum.linear();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_TRUE(torch::allclose(log_likelihood(parts[0], x) + log_likelihood(parts[1], x), expected));
  EXPECT_TRUE(sum.differentiable());
  EXPECT_EQ(sum.words(), "0.5*a() + b()");
  EXPECT_TRUE(torch::equal(sum.degraded(), left.degraded));
  EXPECT_TRUE(torch::equal(sum.hidden(), left.hidden));
}

TEST(WeightedSum, OneTermThatIsNotLinearTakesTheCheapWayAway) {
  const Tensor truth = torch::rand({1, 1, 8, 8});
  std::vector<WeightedSum::Term> terms;
  terms.push_back({2.0, std::make_unique<Dark>()});
  terms.push_back({1.0, linear(denoise(truth), "b()")});
  const WeightedSum sum(std::move(terms));
  EXPECT_TRUE(sum.linear().empty());
  EXPECT_FALSE(sum.differentiable());
  EXPECT_TRUE(torch::equal(sum.degraded(), truth));
  EXPECT_FALSE(Dark().degraded().defined());
}

TEST(WeightedSum, RefusesEmptySumsAndBadWeights) {
  EXPECT_THROW(WeightedSum({}), Error);
  for (const double weight :
       {0.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<WeightedSum::Term> terms;
    terms.push_back({weight, std::make_unique<Dark>()});
    EXPECT_THROW(WeightedSum(std::move(terms)), Error);
  }
}

TEST(WeightedSum, ShunsWhatHasANegativeWeightButNoMeasurement) {
  const Tensor truth = torch::rand({1, 1, 8, 8}), x = torch::rand({4, 1, 8, 8});
  std::vector<WeightedSum::Term> terms;
  terms.push_back({1.0, linear(denoise(truth), "b()")});
  terms.push_back({-0.5, std::make_unique<Dark>()});
  const WeightedSum sum(std::move(terms));
  EXPECT_TRUE(
      torch::allclose(sum.score(x), log_likelihood(denoise(truth).measurement, x) - 0.5 * Dark().score(x)));
  EXPECT_EQ(sum.words(), "b() - 0.5*" + Dark().words());
  terms.clear();
  terms.push_back({-1.0, linear(denoise(truth), "b()")});
  EXPECT_THROW(WeightedSum(std::move(terms)), Error);
}

// Likes bright samples, in units a million times larger.
class Bright : public Objective {
 public:
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return 1e6 * x.mean({1, 2, 3});
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return "bright()"; }
};

TEST(RankSum, AddsPlacesWhateverTheUnits) {
  const Tensor x = torch::tensor({0.1, 0.4, 0.2, 0.3}).view({4, 1, 1, 1}).expand({4, 1, 2, 2});
  std::vector<WeightedSum::Term> terms;
  terms.push_back({0.5, std::make_unique<Bright>()});
  terms.push_back({0.25, linear(denoise(torch::full({1, 1, 2, 2}, 0.1), 0.1), "b()")});
  const RankSum sum(std::move(terms));
  EXPECT_TRUE(torch::allclose(sum.score(x), torch::tensor({0 + 0.75, 1.5 + 0, 0.5 + 0.5, 1 + 0.25})));
  EXPECT_EQ(sum.words(), "rank(0.5*bright() + 0.25*b())");
  EXPECT_FALSE(sum.differentiable());
  EXPECT_TRUE(sum.linear().empty());
  ASSERT_EQ(sum.parts().size(), 2u);
  EXPECT_TRUE(sum.parts()[0].ranked);
}

TEST(RankSum, RanksRunWithinEachTargetsGroupAndEqualScoresKeepTheirOrder) {
  const Tensor score = torch::tensor({3.0, 1.0, 2.0, -5.0, -5.0, -6.0});
  EXPECT_TRUE(torch::equal(ranks_within(score, 2), torch::tensor({2.0f, 0.0f, 1.0f, 1.0f, 2.0f, 0.0f})));
  EXPECT_TRUE(torch::equal(ranks_within(score, 1), torch::tensor({5.0f, 3.0f, 4.0f, 1.0f, 2.0f, 0.0f})));
  EXPECT_THROW(ranks_within(score, 4), Error);
  std::vector<WeightedSum::Term> terms;
  const Tensor truth = torch::tensor({0.0, 1.0}).view({2, 1, 1, 1});
  terms.push_back({1.0, linear(denoise(truth, 1.0), "b()")});
  const RankSum sum(std::move(terms));
  const Tensor x = torch::tensor({0.2, 0.9, 0.2, 0.9}).view({4, 1, 1, 1});
  EXPECT_TRUE(torch::equal(sum.score(x), torch::tensor({1.0f, 0.0f, 0.0f, 1.0f})));
}

TEST(PerSample, RepeatsEachTargetForItsGroup) {
  const Tensor two = torch::tensor({{1, 2}, {3, 4}});
  EXPECT_TRUE(torch::equal(per_sample(two, 4, "x"), torch::tensor({{1, 2}, {1, 2}, {3, 4}, {3, 4}})));
  EXPECT_EQ(per_sample(two.narrow(0, 0, 1), 3, "x").size(0), 1);
  EXPECT_THROW(per_sample(two, 3, "x"), Error);
}

}  // namespace
}  // namespace steer

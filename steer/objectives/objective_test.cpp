#include "steer/objectives/objective.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "steer/core/check.h"
#include "steer/objectives/linear.h"
#include "steer/objectives/masks.h"

namespace steer {
namespace {

// Likes dark samples, in a way that is neither linear nor differentiable.
class Dark : public Objective {
 public:
  Tensor score(const Tensor& x) const override { return -(x > 0).to(torch::kFloat32).sum({1, 2, 3}); }
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
  const std::vector<LinearMeasurement> parts = sum.measurements();
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
  EXPECT_TRUE(sum.measurements().empty());
  EXPECT_FALSE(sum.differentiable());
  EXPECT_TRUE(torch::equal(sum.degraded(), truth));
  EXPECT_FALSE(Dark().degraded().defined());
}

TEST(WeightedSum, RefusesEmptySumsAndBadWeights) {
  EXPECT_THROW(WeightedSum({}), Error);
  for (const double weight : {0.0, -1.0, std::numeric_limits<double>::infinity()}) {
    std::vector<WeightedSum::Term> terms;
    terms.push_back({weight, std::make_unique<Dark>()});
    EXPECT_THROW(WeightedSum(std::move(terms)), Error);
  }
}

}  // namespace
}  // namespace steer

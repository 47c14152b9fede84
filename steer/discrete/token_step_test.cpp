#include "steer/discrete/token_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/discrete/test_tokens.h"
#include "steer/discrete/token_loss.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

constexpr int64_t kStates = 3;

// Every state once, [states, 1], from 0.7 to 0.45.
TokenStep step_of_all(const TokenProcess& process, double t = 0.7, double s = 0.45) {
  const int64_t states = process.states();
  return {at::arange(states, torch::kInt64).view({states, 1}), at::full({states}, t, torch::kFloat64),
          at::full({states}, s, torch::kFloat64)};
}

Tensor same_for_all(const TokenProcess& process, const Tensor& p) {
  return p.view({1, 1, -1}).expand({process.states(), 1, -1});
}

// p(x_s = y | x_t = z) of a token that is drawn from a prior, by enumeration, [states z, states y].
Tensor enumerated(const TokenProcess& process, const Tensor& prior, const TokenStep& step) {
  const double t = process.alpha(step.t)[0].item<double>(), s = process.alpha(step.s)[0].item<double>();
  const Tensor at_s = prior.matmul(transition(process, s));                   // q(y)
  const Tensor both = at_s.unsqueeze(1) * transition_between(process, t, s);  // [y, z]
  return (both / both.sum(0, true)).transpose(0, 1);
}

TEST(TokenStep, LawsAreBayesOnTheEnumeratedChain) {
  const Tensor prior = fine({0.6, 0.3, 0.1});
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, kStates);
    const TokenStep step = step_of_all(process);
    const Tensor truth = enumerated(process, prior, step), p = same_for_all(process, prior);
    EXPECT_LT(largest_difference(ancestral_law(process, p, step).squeeze(1), truth), 1e-12)
        << options.schedule;
    const Tensor ratio = ratios_of(process, p.log(), step.token, step.t);
    EXPECT_LT(largest_difference(analytic_law(process, ratio, step).squeeze(1), truth), 1e-12)
        << options.schedule;
  }
}

TEST(TokenStep, AllRowsSumToOne) {
  torch::manual_seed(1);
  const auto wide = at::TensorOptions().dtype(torch::kFloat64);
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, kStates);
    const TokenStep step = step_of_all(process);
    const Tensor p = at::randn({process.states(), 1, kStates}, wide).softmax(-1);
    const Tensor ratio = at::randn({process.states(), 1, process.states()}, wide).exp();
    for (const Tensor& law : {ancestral_law(process, p, step), flow_law(process, p, step),
                              euler_law(process, ratio, step), analytic_law(process, ratio, step)}) {
      EXPECT_LT(largest_difference(law.sum(-1), at::ones({process.states(), 1}, wide)), 1e-12);
      EXPECT_GE(law.min().item<double>(), 0);
    }
  }
}

// D-CFG on predictions and on laws: of masks the same given that the token becomes known, which laws decide
// otherwise by sum p_c^g p_u^(1-g); of uniform tokens two different things.
TEST(TokenStep, LawsMixAsPredictionsDoOnceATokenIsKnown) {
  const Tensor told = fine({0.6, 0.3, 0.1}), untold = fine({0.2, 0.5, 0.3});
  constexpr double kScale = 2.5;
  const Tensor mixed = (kScale * told.log() + (1 - kScale) * untold.log()).softmax(-1);
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, kStates);
    const TokenStep step = step_of_all(process);
    const auto law = [&](const Tensor& p) { return ancestral_law(process, same_for_all(process, p), step); };
    const Tensor laws = mixed_laws(law(told), law(untold), kScale);
    EXPECT_LT(largest_difference(laws.sum(-1), at::ones_like(laws.sum(-1))), 1e-12);
    EXPECT_TRUE(mixed_laws(law(told), law(untold), 1).equal(law(told)));
    EXPECT_TRUE(mixed_laws(law(told), law(untold), 0).equal(law(untold)));
    if (!process.absorbing()) {
      EXPECT_GT(largest_difference(laws, law(mixed)), 1e-3);
      continue;
    }
    const Tensor of_mask = laws[kStates][0], by_mixed = law(mixed)[kStates][0];
    const auto known = [](const Tensor& row) {
      return row.narrow(0, 0, kStates) / row.narrow(0, 0, kStates).sum();
    };
    EXPECT_LT(largest_difference(known(of_mask), known(by_mixed)), 1e-12);
    const double grows = (told.pow(kScale) * untold.pow(1 - kScale)).sum().item<double>();
    const Tensor odds = (1 - of_mask[kStates]) / of_mask[kStates],
                 of_one = (1 - by_mixed[kStates]) / by_mixed[kStates];
    EXPECT_NEAR((odds / of_one).item<double>(), grows, 1e-9);
  }
}

TEST(TokenStep, EulerIsExactForMasksAndOfFirstOrderElse) {
  const Tensor prior = fine({0.6, 0.3, 0.1});
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, kStates);
    const Tensor p = same_for_all(process, prior);
    const auto error = [&](double dt) {
      const TokenStep step = step_of_all(process, 0.7, 0.7 - dt);
      const Tensor ratio = ratios_of(process, p.log(), step.token, step.t);
      return largest_difference(euler_law(process, ratio, step), ancestral_law(process, p, step));
    };
    if (options.type == "absorbing" && options.schedule == "loglinear")
      EXPECT_LT(error(0.3), 1e-12);
    else
      EXPECT_NEAR(error(1e-3) / error(5e-4), 4, 0.05) << options.type << " " << options.schedule;
  }
}

TEST(TokenStep, MarginalsStayThoseOfTheProcess) {
  const Tensor sure = fine({0, 1, 0});
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, kStates);
    const TokenStep step = step_of_all(process);
    const Tensor p = same_for_all(process, sure);
    const Tensor before = transition(process, process.alpha(step.t)[0].item<double>())[1];
    const Tensor after = transition(process, process.alpha(step.s)[0].item<double>())[1];
    const auto marginal = [&](const Tensor& law) { return before.matmul(law.squeeze(1)); };
    EXPECT_LT(largest_difference(marginal(flow_law(process, p, step)), after), 1e-12);
    EXPECT_LT(largest_difference(marginal(ancestral_law(process, p, step)), after), 1e-12);
    if (!process.absorbing()) continue;
    const Tensor most = most_remasked(process, step);
    for (const double share : {0.0, 0.3, 1.0})
      EXPECT_LT(largest_difference(marginal(remask_law(process, p, step, share * most)), after), 1e-12);
    EXPECT_TRUE(at::equal(remask_law(process, p, step, 0 * most), ancestral_law(process, p, step)));
    EXPECT_NE(refusal([&] { remask_law(process, p, step, most * 1.01); }).find("expected sigma from 0 to"),
              std::string::npos);
    EXPECT_NE(refusal([&] { remask_law(process, p, step, most * -0.1); }).find("expected sigma from 0 to"),
              std::string::npos);
  }
}

TEST(TokenStep, AMaskStaysWithTheRatioOfTimes) {
  TokenProcessOptions options;
  options.least = 0;
  const TokenProcess process(options, kStates);
  const TokenStep step = step_of_all(process, 0.8, 0.2);
  const Tensor law = ancestral_law(process, same_for_all(process, fine({0.5, 0.25, 0.25})), step)[3][0];
  EXPECT_LT(largest_difference(law, fine({0.375, 0.1875, 0.1875, 0.25})), 1e-12);
}

TEST(TokenStep, RefusesStepsTowardMoreNoise) {
  const TokenProcess process({}, kStates);
  const TokenStep step = step_of_all(process, 0.2, 0.8);
  EXPECT_NE(refusal([&] {
              flow_law(process, same_for_all(process, fine({1, 0, 0})), step);
            }).find("toward less noise"),
            std::string::npos);
}

TEST(TokenStep, DrawsFollowTheLaw) {
  constexpr int64_t kDraws = 100000;
  const Tensor law = fine({0.0, 2.0, 0.0, 1.0, 1e-9, 0.0});
  const Tensor u = fine_uniform_rows(sample_seeds(0, kDraws), 2, {1}).flatten();
  const Tensor drawn = drawn_from(law.expand({kDraws, 6}), u);
  for (const auto& [state, p] :
       std::vector<std::pair<int64_t, double>>{{0, 0}, {1, 2. / 3}, {2, 0}, {3, 1. / 3}, {5, 0}}) {
    const double share = (drawn == state).to(torch::kFloat64).mean().item<double>();
    EXPECT_NEAR(share, p, 4 * std::sqrt(p * (1 - p) / kDraws)) << state;
  }
  // The rare one has its place, which float32 does not have.
  EXPECT_EQ(drawn_from(law.unsqueeze(0), fine({1 - 1e-10})).item<int64_t>(), 4);
  EXPECT_EQ(drawn_from(law.unsqueeze(0), fine({std::nextafter(1.0, 0.0)})).item<int64_t>(), 4);
  EXPECT_EQ(drawn_from(law.unsqueeze(0), fine({0.0})).item<int64_t>(), 1);
}

TEST(TokenStep, FirstHitsAreTheLargestOfAllTimes) {
  constexpr int64_t kDraws = 100000;
  const Tensor seeds = sample_seeds(0, kDraws);
  const Tensor m = at::full({kDraws}, 0.8, torch::kFloat64), n = at::full({kDraws}, 5, torch::kInt64);
  const Tensor hits = next_hit(m, n, fine_uniform_rows(seeds, 3, {1}).flatten());
  const Tensor times = 0.8 * std::get<0>(fine_uniform_rows(seeds, 4, {5}).max(1));
  EXPECT_NEAR(hits.mean().item<double>(), times.mean().item<double>(), 0.003);
  EXPECT_NEAR(hits.std().item<double>(), times.std().item<double>(), 0.003);
  EXPECT_NEAR(hits.mean().item<double>(), 0.8 * 5 / 6, 0.002);
}

}  // namespace
}  // namespace steer

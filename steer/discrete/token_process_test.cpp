#include "steer/discrete/token_process.h"

#include <gtest/gtest.h>

#include "steer/core/random.h"
#include "steer/discrete/test_tokens.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(TokenProcess, SchedulesFallFromDataToNoise) {
  const Tensor t = at::linspace(0, 1, 101, at::TensorOptions().dtype(torch::kFloat64));
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, 5);
    const Tensor alpha = process.alpha(t);
    EXPECT_GT(alpha[0].item<double>(), 0.999);
    EXPECT_LT(alpha[100].item<double>(), 1.1e-3);
    EXPECT_TRUE((alpha.diff() <= 0).all().item<bool>());
    const Tensor inner = t.narrow(0, 1, 99);
    constexpr double kStep = 1e-6;
    const Tensor slope = (process.alpha(inner - kStep) - process.alpha(inner + kStep)) / (2 * kStep);
    EXPECT_TRUE(at::allclose(process.fall(inner), slope, 1e-5, 1e-8)) << options.schedule;
    const Tensor some = t.narrow(0, 1, 60);
    EXPECT_TRUE(at::allclose(process.time_of(process.alpha(some)), some, 1e-9, 1e-9)) << options.schedule;
  }
}

TEST(TokenProcess, NoisesAsItsLawSays) {
  constexpr int64_t kRows = 200000;
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, 3);
    const Tensor t = at::full({kRows}, 0.4, torch::kFloat64);
    const Tensor u = fine_uniform_rows(sample_seeds(0, kRows), 1, {1, 2});
    const Tensor token = at::ones({kRows, 1}, torch::kInt64);
    const Tensor noised = process.noised(token, t, u).flatten();
    const Tensor law = transition(process, process.alpha(t)[0].item<double>())[1];
    for (int64_t state = 0; state < process.states(); ++state) {
      const double p = law[state].item<double>();
      const double share = (noised == state).to(torch::kFloat64).mean().item<double>();
      EXPECT_NEAR(share, p, 4 * std::sqrt(p * (1 - p) / kRows) + 1e-12) << options.type << state;
    }
    const Tensor pure = process.noise(u.select(-1, 0));
    EXPECT_EQ(pure.max().item<int64_t>(), process.absorbing() ? 3 : 2);
    EXPECT_EQ(pure.min().item<int64_t>(), process.absorbing() ? 3 : 0);
  }
}

TEST(TokenProcess, RefusesWhatIsNone) {
  TokenProcessOptions options;
  options.type = "sorted";
  EXPECT_EQ(refusal([&] { TokenProcess(options, 4); }),
            "[discrete] process.type: expected absorbing or uniform but got sorted");
  options.type = "uniform", options.schedule = "square";
  EXPECT_NE(refusal([&] { TokenProcess(options, 4); }).find("loglinear, cosine or geometric but got square"),
            std::string::npos);
  options = {};
  options.least = 1;
  EXPECT_NE(refusal([&] { TokenProcess(options, 4); }).find("least"), std::string::npos);
  options = {};
  options.sigma_min = 30;
  EXPECT_NE(refusal([&] { TokenProcess(options, 4); }).find("less than sigma_max, 20"), std::string::npos);
  options = {};
  EXPECT_NE(refusal([&] { TokenProcess(options, 0); }).find("vocabulary of at least 1 but got 0"),
            std::string::npos);
  const TokenProcess process(options, 4);
  const Tensor mask = at::full({1, 2}, 4, torch::kInt64), u = at::zeros({1, 2, 2}, torch::kFloat64);
  EXPECT_NE(refusal([&] { process.noised(mask, fine({0.5}), u); }).find("expected tokens 0 to 3 but got 4"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

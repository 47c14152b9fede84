#include "steer/discrete/token_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "steer/discrete/test_tokens.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// Random predictions [B, T, N] and tokens of every kind.
struct Guess {
  Tensor log_p;
  NoisedTokens noised;
};

Guess random_guess(const TokenProcess& process, int64_t seed) {
  torch::manual_seed(seed);
  constexpr int64_t kRows = 16, kLength = 7;
  const auto wide = at::TensorOptions().dtype(torch::kFloat64);
  Guess guess;
  guess.log_p = (2 * at::randn({kRows, kLength, process.vocabulary()}, wide)).log_softmax(-1);
  guess.noised.clean = at::randint(0, process.vocabulary(), {kRows, kLength}, torch::kInt64);
  guess.noised.t = at::rand({kRows}, wide) * 0.98 + 0.01;
  guess.noised.token =
      process.noised(guess.noised.clean, guess.noised.t, at::rand({kRows, kLength, 2}, wide));
  return guess;
}

TEST(TokenLoss, MaskedLossIsTheScoreEntropyOfItsRatios) {
  for (const TokenProcessOptions& options : all_token_processes()) {
    if (options.type != "absorbing") continue;
    const TokenProcess process(options, 5);
    const auto [log_p, noised] = random_guess(process, 1);
    const Tensor loss = masked_loss(process, log_p, noised);
    const Tensor ratio = ratios_of(process, log_p, noised.token, noised.t);
    EXPECT_LT(largest_difference(score_entropy(process, ratio, noised), loss), 1e-12) << options.schedule;
    EXPECT_LT(largest_difference(flow_loss(process, log_p, noised), loss), 1e-12);
    const Tensor known = noised.token != process.mask();
    EXPECT_TRUE((loss.masked_select(known) == 0).all().item<bool>());
    EXPECT_GT(loss.masked_select(known.logical_not()).min().item<double>(), 0);
  }
}

TEST(TokenLoss, LoglinearWeighsByOneOverT) {
  const TokenProcess process({}, 5);
  const auto [log_p, noised] = random_guess(process, 2);
  const Tensor plain = -log_p.gather(-1, noised.clean.unsqueeze(-1)).squeeze(-1) / noised.t.unsqueeze(1);
  const Tensor masked = (noised.token == 5).to(torch::kFloat64);
  EXPECT_LT(largest_difference(masked_loss(process, log_p, noised), plain * masked), 1e-12);
}

TEST(TokenLoss, UniformLossIsTheScoreEntropyOfItsRatios) {
  for (const TokenProcessOptions& options : all_token_processes()) {
    if (options.type != "uniform") continue;
    const TokenProcess process(options, 5);
    const auto [log_p, noised] = random_guess(process, 3);
    const Tensor loss = uniform_loss(process, log_p, noised);
    const Tensor ratio = ratios_of(process, log_p, noised.token, noised.t);
    EXPECT_LT(largest_difference(score_entropy(process, ratio, noised), loss), 1e-11) << options.schedule;
    EXPECT_GT(loss.min().item<double>(), 0);
    // Sure of the truth, which is also when the ratios are the true ones.
    const Tensor sure = at::one_hot(noised.clean, 5).to(torch::kFloat64).log();
    EXPECT_LT(uniform_loss(process, sure, noised).abs().max().item<double>(), 1e-9);
  }
}

// A prior over one token, and what a perfect network says: of uniform noise before it looks at the token.
struct OneToken {
  Tensor prior;  // [N]

  Tensor told(bool looked, const Tensor& q, int64_t state) const {
    return looked ? prior * q.select(1, state) / (prior * q.select(1, state)).sum() : prior;
  }
};

// The integral over t of the expected loss of one clean token, by the midpoint rule in sqrt t.
template <class Loss>
double integral(const TokenProcess& process, const OneToken& world, int64_t clean, bool looked,
                const Loss& loss) {
  constexpr int64_t kPoints = 1000;
  double sum = 0;
  for (int64_t i = 0; i < kPoints; ++i) {
    const double root = (static_cast<double>(i) + 0.5) / kPoints, t = root * root;
    const Tensor q = transition(process, process.alpha(fine({t}))[0].item<double>());
    for (int64_t state = 0; state < process.states(); ++state) {
      const double chance = q[clean][state].item<double>();
      if (chance == 0) continue;
      NoisedTokens noised = {at::full({1, 1}, clean, torch::kInt64), at::full({1, 1}, state, torch::kInt64),
                             fine({t})};
      const Tensor log_p = world.told(looked, q, state).log().view({1, 1, -1});
      sum += chance * loss(process, log_p, noised).template item<double>() * 2 * root / kPoints;
    }
  }
  return sum;
}

// What the integral leaves out: the two ends of the bound.
double ends(const TokenProcess& process, const OneToken& world, int64_t clean) {
  double sum = 0;
  for (const double t : {0.0, 1.0}) {
    const Tensor q = transition(process, process.alpha(fine({t}))[0].item<double>());
    for (int64_t state = 0; state < process.states(); ++state) {
      const double chance = q[clean][state].item<double>();
      if (chance == 0) continue;
      const double all = (world.prior * q.select(1, state)).sum().item<double>();
      const double posterior = world.prior[clean].item<double>() * chance / all;
      sum += chance * (t == 0 ? -std::log(posterior) : std::log(chance / all));
    }
  }
  return sum;
}

TEST(TokenLoss, IntegralsOfAPerfectModelAreTheExactLikelihood) {
  const OneToken world = {fine({0.6, 0.3, 0.1})};
  for (const TokenProcessOptions& options : all_token_processes()) {
    const TokenProcess process(options, 3);
    for (int64_t clean = 0; clean < 3; ++clean) {
      const double exact = -std::log(world.prior[clean].item<double>());
      const double between =
          integral(process, world, clean, false, process.absorbing() ? masked_loss : uniform_loss);
      EXPECT_NEAR(between + ends(process, world, clean), exact, 1e-3)
          << options.type << " " << options.schedule;
    }
  }
}

TEST(TokenLoss, FlowMatchingBoundsTheLikelihood) {
  const OneToken world = {fine({0.6, 0.3, 0.1})};
  TokenProcessOptions options;
  options.type = "uniform";
  const TokenProcess process(options, 3);
  for (int64_t clean = 0; clean < 3; ++clean) {
    const double bound = integral(process, world, clean, true, flow_loss) + ends(process, world, clean);
    const double exact = -std::log(world.prior[clean].item<double>());
    EXPECT_GT(bound, exact - 1e-3);
    EXPECT_LT(bound, exact + 1);  // rates that aim at x_0 alone cost more than a perfect model's
  }
}

// What a network says of token i of three when these are known, in any way but by the hidden ones.
Tensor said(int64_t known, int64_t i, const std::vector<int64_t>& clean) {
  int64_t seed = 100 * i + known;
  for (int64_t j = 0; j < 3; ++j)
    if (known >> j & 1) seed = seed * 7 + clean[static_cast<size_t>(j)] + 1;
  torch::manual_seed(seed);
  return at::randn({4}, torch::kFloat64).log_softmax(-1);
}

// The mean over all orders of revealing of the exact -log p in that order: what masked diffusion is.
double over_orders(const std::vector<int64_t>& clean) {
  std::vector<int64_t> order = {0, 1, 2};
  double sum = 0;
  do {
    int64_t known = 0;
    for (const int64_t i : order) {
      sum -= said(known, i, clean)[clean[static_cast<size_t>(i)]].item<double>() / 6;
      known |= int64_t{1} << i;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return sum;
}

TEST(TokenLoss, MaskedBoundIsTheMeanOverAllOrders) {
  const std::vector<int64_t> clean = {2, 0, 3};
  const Tensor row = at::tensor(clean).view({1, 3});
  for (const TokenProcessOptions& options : all_token_processes()) {
    if (options.type != "absorbing" || options.schedule == "geometric")
      continue;  // which begins at noise 1e-4
    TokenProcessOptions exact = options;
    exact.least = 0;
    const TokenProcess process(exact, 4);
    double sum = 0;
    constexpr int64_t kPoints = 400;
    for (int64_t i = 0; i < kPoints; ++i) {
      const double t = (static_cast<double>(i) + 0.5) / kPoints,
                   alpha = process.alpha(fine({t}))[0].item<double>();
      for (int64_t known = 0; known < 8; ++known) {
        std::vector<Tensor> log_p;
        std::vector<int64_t> token;
        double chance = 1;
        for (int64_t j = 0; j < 3; ++j) {
          const bool seen = known >> j & 1;
          chance *= seen ? alpha : 1 - alpha;
          token.push_back(seen ? clean[static_cast<size_t>(j)] : process.mask());
          log_p.push_back(said(known, j, clean));
        }
        const NoisedTokens noised = {row, at::tensor(token).view({1, 3}), fine({t})};
        const Tensor loss = masked_loss(process, at::stack(log_p).unsqueeze(0), noised);
        sum += chance * loss.sum().item<double>() / kPoints;
      }
    }
    EXPECT_NEAR(sum, over_orders(clean), 1e-4) << options.schedule;
  }
}

TEST(TokenLoss, RefusesShapesAndProcessesThatDoNotFit) {
  const TokenProcess masks({}, 4);
  const auto [log_p, noised] = random_guess(masks, 4);
  EXPECT_NE(
      refusal([&, p = log_p, n = noised] { masked_loss(masks, p.narrow(2, 0, 3), n); }).find("[16, 7, 4]"),
      std::string::npos);
  EXPECT_NE(refusal([&, p = log_p, n = noised] { uniform_loss(masks, p, n); }).find("uniform process"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

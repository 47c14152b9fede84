#include "steer/discrete/token_solver.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/discrete/test_tokens.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

constexpr int64_t kLength = 3, kTokens = 3, kAll = 27;

// All sequences, their probabilities, and what a perfect network says of each place given noised tokens.
struct SmallText {
  Tensor sequences;  // int64 [27, 3]
  Tensor prior;      // float64 [27]

  SmallText() {
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < kAll; ++i) rows.push_back(at::tensor({i / 9, i / 3 % 3, i % 3}, torch::kInt64));
    sequences = at::stack(rows);
    torch::manual_seed(5);
    prior = (1.3 * at::randn({kAll}, torch::kFloat64)).softmax(0);
  }

  int64_t number_of(const std::vector<int64_t>& row) const { return row[0] * 9 + row[1] * 3 + row[2]; }

  // `own`: whether a place's own noised token is looked at; of masks nothing depends on it.
  TokenDenoiser denoiser(const TokenProcess& process, bool own) const {
    return [sequences = sequences, prior = prior, process, own](const Tensor& token, const Tensor& t) {
      const int64_t rows = token.size(0);
      const Tensor alpha = process.alpha(t).view({-1, 1, 1});
      const Tensor same = (token.unsqueeze(-1) == sequences.t().unsqueeze(0)).to(torch::kFloat64);
      // [rows, places, sequences]: of each place's noised token
      const Tensor likely =
          alpha * same + (1 - alpha) * (process.absorbing()
                                            ? (token == process.mask()).unsqueeze(-1).to(torch::kFloat64)
                                            : at::full({1, 1, 1}, 1.0 / kTokens, torch::kFloat64));
      std::vector<Tensor> said;
      for (int64_t i = 0; i < kLength; ++i) {
        Tensor weight = prior.unsqueeze(0).expand({rows, kAll}).clone();
        for (int64_t j = 0; j < kLength; ++j)
          if (own || j != i) weight = weight * likely.select(1, j);
        const Tensor one_hot = at::one_hot(sequences.select(1, i), kTokens).to(torch::kFloat64);
        said.push_back(weight.matmul(one_hot));
      }
      const Tensor p = at::stack(said, 1);
      return (p / p.sum(-1, true)).log();
    };
  }

  // Half the sum of differences of shares to the probabilities.
  double variation(const Tensor& token, const Tensor& law) const {
    const Tensor number = token.select(1, 0) * 9 + token.select(1, 1) * 3 + token.select(1, 2);
    const Tensor share =
        at::bincount(number, {}, kAll).to(torch::kFloat64) / static_cast<double>(token.size(0));
    return (share - law).abs().sum().item<double>() / 2;
  }
};

TokenProcess process_of(const std::string& type) {
  TokenProcessOptions options;
  options.type = type;
  return TokenProcess(options, kTokens);
}

TokenSolverOptions solver(const std::string& name, int64_t steps) {
  TokenSolverOptions options;
  options.name = name, options.steps = steps;
  return options;
}

bool of_masks(const std::string& name) {
  return name == "first_hitting" || name == "remask" || name == "confidence";
}

constexpr int64_t kSamples = 3000;
// What 3,000 perfect draws of 27 sequences differ by, 0.033 on average, with room.
constexpr double kNear = 0.06;

TEST(TokenSolver, EverySamplerEndsInTheLawOfTheModel) {
  const SmallText text;
  const Tensor seeds = sample_seeds(0, kSamples);
  for (const std::string type : {"absorbing", "uniform"}) {
    const TokenProcess process = process_of(type);
    for (const std::string& name : names_of(token_solvers())) {
      if (name == "confidence" || (of_masks(name) && type == "uniform")) continue;
      const TokenDenoiser D = text.denoiser(process, process.absorbing() || name == "flow");
      const TokenSolution made = solve_tokens(D, process, solver(name, 32), seeds, kLength);
      EXPECT_LT(text.variation(made.token, text.prior), kNear) << type << " " << name;
      EXPECT_EQ(made.evaluations, name == "first_hitting" ? kLength : 32);
    }
  }
}

TEST(TokenSolver, EveryRuleOfRemaskingKeepsTheLaw) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  for (const std::string& rule : names_of(remask_rules())) {
    TokenSolverOptions options = solver("remask", 48);
    options.remask = rule, options.eta = rule == "cap" ? 0.05 : 0.5;
    // Shares by confidence look at what was drawn, which no law of the process does.
    const double most = rule == "conf" ? 0.12 : kNear;
    const auto made =
        solve_tokens(text.denoiser(process, true), process, options, sample_seeds(7, kSamples), kLength);
    EXPECT_LT(text.variation(made.token, text.prior), most) << rule;
    options.hold = 0.9, options.remask_from = 0.6, options.remask_to = 0.2, options.eta = 0.1;
    const auto held =
        solve_tokens(text.denoiser(process, true), process, options, sample_seeds(8, kSamples), kLength);
    EXPECT_LT(text.variation(held.token, text.prior), most) << rule << " with a hold";
  }
}

TEST(TokenSolver, FirstHitsAskAtTheTimesOfTheProcess) {
  const SmallText text;
  TokenProcessOptions options;
  options.least = 0;
  const TokenProcess process(options, kTokens);
  const TokenDenoiser D = text.denoiser(process, true);
  std::vector<double> means;
  const TokenDenoiser noted = [&](const Tensor& token, const Tensor& t) {
    means.push_back(t.mean().item<double>());
    return D(token, t);
  };
  solve_tokens(noted, process, solver("first_hitting", 1), sample_seeds(9, kSamples), kLength);
  ASSERT_EQ(means.size(), 3u);  // the largest, the middle and the least of three uniform times
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(means[i], 0.75 - 0.25 * static_cast<double>(i), 0.015);
}

TEST(TokenSolver, DoubtfulTokensAreMaskedAgainMoreOften) {
  const TokenProcess process = process_of("absorbing");
  const Tensor p = fine({0.98, 0.01, 0.01, 0.4, 0.3, 0.3}).view({1, 2, 3}).log();
  const TokenDenoiser D = [&](const Tensor& token, const Tensor&) { return p.expand({token.size(0), 2, 3}); };
  TokenSolverOptions options = solver("remask", 20);
  options.remask = "conf", options.eta = 1;
  Tensor before, again = at::zeros({2}, torch::kInt64);
  solve_tokens(D, process, options, sample_seeds(0, 20000), 2, {}, false, [&](const Glimpse& glimpse) {
    const Tensor masked = glimpse.sample().token == kTokens;
    if (before.defined()) again += (masked & before.logical_not()).sum(0);
    before = masked;
    return true;
  });
  const auto sure = again[0].item<double>(), doubtful = again[1].item<double>();
  EXPECT_GT(sure, 10000);
  EXPECT_GT(doubtful, 1.015 * sure);  // without the rule 0.996; most often only one of them is known
}

TEST(TokenSolver, BlocksFromTheLeftKeepTheLaw) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  for (const std::string name : {"ancestral", "first_hitting"}) {
    TokenSolverOptions options = solver(name, 16);
    options.block = 2;
    std::vector<int64_t> masks;
    const auto made = solve_tokens(
        text.denoiser(process, true), process, options, sample_seeds(3, kSamples), kLength, {}, false,
        [&](const Glimpse& glimpse) {
          masks.push_back((glimpse.sample().token.select(1, 2) == kTokens).sum().item<int64_t>());
          return true;
        });
    EXPECT_LT(text.variation(made.token, text.prior), kNear) << name;
    const size_t first = name == std::string("ancestral") ? 16 : 2;
    for (size_t i = 0; i < first; ++i) EXPECT_EQ(masks[i], kSamples);  // the third place waits
    EXPECT_EQ(masks.back(), 0);
  }
}

TEST(TokenSolver, InfillingDrawsTheRestGivenWhatIsKnown) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  KnownTokens known = {at::tensor({0, 2, 0}, torch::kInt64).expand({kSamples, kLength}),
                       at::tensor({0, 1, 0}).to(torch::kBool).expand({kSamples, kLength})};
  const Tensor fits = (text.sequences.select(1, 1) == 2).to(torch::kFloat64);
  const Tensor law = text.prior * fits / (text.prior * fits).sum();
  for (const std::string& name : names_of(token_solvers())) {
    const auto made = solve_tokens(text.denoiser(process, true), process, solver(name, 32),
                                   sample_seeds(1, kSamples), kLength, known);
    EXPECT_TRUE((made.token.select(1, 1) == 2).all().item<bool>()) << name;
    EXPECT_LT(made.token.max().item<int64_t>(), kTokens) << name;
    const double most = name == "confidence" ? 1 : kNear;
    EXPECT_LT(text.variation(made.token, law), most) << name;
    EXPECT_EQ(made.evaluations, name == "first_hitting" ? 2 : 32) << name;
  }
}

TEST(TokenSolver, TheSurestFirstReachTheLikeliestText) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  for (const std::string how : {"probability", "margin", "entropy"})
    for (const std::string reveal : {"cosine", "linear"}) {
      TokenSolverOptions options = solver("confidence", 3);
      options.confidence = how, options.reveal = reveal, options.temperature = 0;
      const auto made =
          solve_tokens(text.denoiser(process, true), process, options, sample_seeds(0, 2), kLength);
      EXPECT_TRUE(at::equal(made.token[0], made.token[1])) << how;  // nothing is left to chance
      const auto row = made.token[0];
      const double p =
          text.prior[text.number_of({row[0].item<int64_t>(), row[1].item<int64_t>(), row[2].item<int64_t>()})]
              .item<double>();
      EXPECT_GT(p, 0.5 * text.prior.max().item<double>()) << how << " " << reveal;
    }
}

TEST(TokenSolver, ASampleIsTheSameAloneAndInABatch) {
  const SmallText text;
  for (const std::string type : {"absorbing", "uniform"}) {
    const TokenProcess process = process_of(type);
    for (const std::string& name : names_of(token_solvers())) {
      if (of_masks(name) && type == "uniform") continue;
      TokenSolverOptions options = solver(name, 6);
      options.gumbel = 1;
      const TokenDenoiser D = text.denoiser(process, true);
      const Tensor all = solve_tokens(D, process, options, sample_seeds(40, 9), kLength).token;
      const Tensor alone = solve_tokens(D, process, options, sample_seeds(44, 1), kLength).token;
      EXPECT_TRUE(at::equal(all[4], alone[0])) << type << " " << name;
    }
  }
}

TEST(TokenSolver, ATimelessDenoiserIsAskedOncePerChange) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  const auto asked = [&](bool timeless) {
    return solve_tokens(text.denoiser(process, true), process, solver("ancestral", 200), sample_seeds(2, 1),
                        kLength, {}, timeless);
  };
  EXPECT_LE(asked(true).evaluations, kLength + 1);
  EXPECT_EQ(asked(false).evaluations, 200);
  EXPECT_TRUE(at::equal(asked(true).token, asked(false).token));
}

// Of many rows only those that changed are asked about, and nothing but the work changes.
TEST(TokenSolver, RowsApartAreAskedAboutWhereTheyChanged) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  constexpr int64_t kRows = 16;
  for (const char* name : {"ancestral", "remask", "confidence", "first_hitting"}) {
    const auto made = [&](bool rows_apart, int64_t* rows) {
      const TokenDenoiser inner = text.denoiser(process, true);
      const TokenDenoiser counted = [&, inner](const Tensor& token, const Tensor& t) {
        *rows += token.size(0);
        return inner(token, t);
      };
      return solve_tokens(counted, process, solver(name, 100), sample_seeds(2, kRows), kLength, {}, true, {},
                          {}, rows_apart)
          .token;
    };
    int64_t all = 0, some = 0;
    EXPECT_TRUE(at::equal(made(true, &some), made(false, &all))) << name;
    EXPECT_LE(some, all) << name;
    EXPECT_LE(some, std::string(name) == "ancestral" ? kRows * (kLength + 1) : all);
  }
}

TEST(TokenSolver, TheWatchMayStopIt) {
  const SmallText text;
  const TokenProcess process = process_of("absorbing");
  const auto made =
      solve_tokens(text.denoiser(process, true), process, solver("ancestral", 20), sample_seeds(2, 1),
                   kLength, {}, false, [](const Glimpse& glimpse) { return glimpse.index < 4; });
  EXPECT_TRUE(made.stopped);
  EXPECT_EQ(made.evaluations, 5);
}

TEST(TokenSolver, SharpensByTemperatureAndNucleus) {
  const Tensor log_p = fine({0.5, 0.3, 0.15, 0.05}).log();
  const auto near = [](const Tensor& a, const std::vector<double>& b) {
    return largest_difference(a, fine(b)) < 1e-12;
  };
  EXPECT_TRUE(near(sharpened(log_p, 1, 1), {0.5, 0.3, 0.15, 0.05}));
  EXPECT_TRUE(near(sharpened(log_p, 0, 1), {1, 0, 0, 0}));
  EXPECT_TRUE(near(sharpened(log_p, 0.5, 1), {0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365}));
  EXPECT_TRUE(near(sharpened(log_p, 1, 0.79), {0.625, 0.375, 0, 0}));
  EXPECT_TRUE(near(sharpened(log_p, 1, 0.81), {0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0}));
  EXPECT_TRUE(near(sharpened(log_p, 1, 0), {1, 0, 0, 0}));
}

TEST(TokenSolver, RefusesWhatDoesNotGoTogether) {
  const SmallText text;
  const TokenProcess masks = process_of("absorbing"), any = process_of("uniform");
  const auto says = [&](const TokenProcess& process, const TokenSolverOptions& options,
                        const KnownTokens& known = {}) {
    return refusal([&] {
      solve_tokens(text.denoiser(process, true), process, options, sample_seeds(0, 1), kLength, known);
    });
  };
  EXPECT_NE(says(masks, solver("ancestrall", 4)).find("did you mean ancestral"), std::string::npos);
  EXPECT_NE(says(any, solver("remask", 4)).find("expected an absorbing process, which has masks, for remask"),
            std::string::npos);
  EXPECT_NE(says(masks, solver("ancestral", 0)).find("steps"), std::string::npos);
  TokenSolverOptions held = solver("remask", 4);
  held.hold = 0.9;
  EXPECT_NE(says(masks, held).find("remask_from below 1"), std::string::npos);
  EXPECT_NE(says(masks, solver("ancestral", 4),
                 {at::full({1, 3}, 3, torch::kInt64), at::ones({1, 3}, torch::kBool)})
                .find("expected tokens 0 to 2 but got 3"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              solve_tokens(
                  [](const Tensor&, const Tensor&) {
                    return at::full({1, 3, 3}, NAN);
                  },
                  masks, solver("ancestral", 2), sample_seeds(0, 1), kLength);
            }).find("predictions that are numbers"),
            std::string::npos);
}

}  // namespace
}  // namespace steer

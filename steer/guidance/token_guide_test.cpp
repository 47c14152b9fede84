// Guidance of tokens against laws that are enumerated.
#include "steer/guidance/token_guide.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/discrete/token_solver.h"
#include "steer/discrete/token_step.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

constexpr int64_t kTokens = 3, kLength = 3;

// ln f of each text by a table over all of them; of probabilities ln E f.
class TableObjective : public Objective {
 public:
  TableObjective(Tensor f, bool gradient) : f_(std::move(f)), gradient_(gradient) {}  // [3, 3, 3]

  Tensor score(const State& text) const override {
    const Tensor& t = text.token;
    if (!t.is_floating_point()) return f_.index({t.select(1, 0), t.select(1, 1), t.select(1, 2)}).log();
    return at::einsum("na,nb,nc,abc->n", {t.select(1, 0), t.select(1, 1), t.select(1, 2), f_}).log();
  }
  bool differentiable() const override { return gradient_; }
  bool averages() const override { return gradient_; }
  std::string words() const override { return "table()"; }

 private:
  Tensor f_;
  bool gradient_;
};

Tensor some_f() {
  return at::arange(27, torch::kFloat64).mul(2.3).sin().mul(1.5).exp().view({3, 3, 3});
}

// A model with a law of its own that is no product: p(x) over 27 texts, and what it says of masked tokens.
Tensor some_law() {
  return at::arange(27, torch::kFloat64).mul(1.1).cos().mul(1.2).flatten().softmax(0).view({3, 3, 3});
}

// log p(x_i | known tokens), exactly, of each of the 64 texts with masks; the mask is 3.
Tensor exact_answers() {
  const Tensor law = some_law();
  std::vector<Tensor> answers;
  for (int64_t text = 0; text < 64; ++text) {
    Tensor here = law;
    for (int64_t i = 0; i < kLength; ++i) {
      const int64_t known = (text >> (4 - 2 * i)) & 3;
      if (known < kTokens)
        here = here *
               at::one_hot(at::tensor(known), kTokens).view({i == 0 ? 3 : 1, i == 1 ? 3 : 1, i == 2 ? 3 : 1});
    }
    for (int64_t i = 0; i < kLength; ++i)
      answers.push_back(here.sum(std::vector<int64_t>{i == 0 ? 1 : 0, i == 2 ? 1 : 2}) / here.sum());
  }
  return at::stack(answers).view({64, kLength, kTokens}).clamp_min(1e-30).log();
}

TokenDenoiser exact_denoiser() {
  return [answers = exact_answers()](const Tensor& token, const Tensor&) {
    const Tensor text = (token.select(1, 0) * 4 + token.select(1, 1)) * 4 + token.select(1, 2);
    return answers.index_select(0, text);
  };
}

TokenGuidance guidance_of(const std::string& method, const Objective& objective, int64_t particles = 8) {
  TokenGuidance guidance = token_guidance(method, -1, objective);
  guidance.population.count = particles;
  return guidance;
}

// How often each of the 27 texts is drawn, by first hits.
Tensor drawn_law(const Objective& objective, const TokenGuidance& guidance, int64_t samples) {
  const Tensor seeds = at::arange(samples, torch::kInt64);
  TokenGuide guide(objective, guidance, seeds, kTokens, kLength);
  const TokenProcess process({}, kTokens);
  TokenSolverOptions solver;
  solver.name = "first_hitting";
  const auto view_of = [](const TokenMoment& moment) {
    TokenView view;
    view.token = moment.token, view.unknown = moment.token == kTokens;
    return view;
  };
  TokenSteering steering;
  steering.bend = [&](const Tensor& p, const TokenMoment& moment) {
    TokenView view = view_of(moment);
    view.p = p;
    return guide.bent(view);
  };
  steering.choose = [&](const TokenMoment& moment) -> Tensor {
    TokenView view = view_of(moment);
    if (!moment.last) view.p = moment.log_p().exp();
    if (guide.weighs()) return guide.chosen(view, moment.log_ratio);
    guide.pass(moment.log_ratio);
    return {};
  };
  const TokenSolution made = solve_tokens(exact_denoiser(), process, solver, guide.contest().row_seeds(),
                                          kLength, {}, true, {}, steering);
  guide.finish(made.token);
  const Tensor token = made.token.index_select(0, guide.contest().winners());
  const Tensor index = (token.select(1, 0) * 3 + token.select(1, 1)) * 3 + token.select(1, 2);
  return at::bincount(index, {}, 27).to(torch::kFloat64) / static_cast<double>(samples);
}

double total_variation(const Tensor& a, const Tensor& b) {
  return 0.5 * (a - b).abs().sum().item<double>();
}

TEST(TokenGuide, BentPredictionsAreBayesRuleForIndependentTokens) {
  const TableObjective objective(some_f(), true);
  const Tensor p = at::arange(18, torch::kFloat64).mul(1.7).sin().view({2, 3, 3}).softmax(2);
  TokenView view;
  view.token = at::tensor({int64_t{3}, int64_t{1}, int64_t{3}}).expand({2, 3});
  view.unknown = view.token == 3, view.p = p;
  TokenGuide guide(objective, guidance_of("bend", objective), at::arange(2, torch::kInt64), 3, 3);
  const Tensor bent = guide.bent(view);
  for (int64_t row = 0; row < 2; ++row) {
    // p(x_0 = a, x_2 = c | f), the second token known.
    const Tensor joint = p[row][0].unsqueeze(1) * p[row][2].unsqueeze(0) * some_f().select(1, 1);
    EXPECT_TRUE(at::allclose(bent[row][0], joint.sum(1) / joint.sum(), 1e-10));
    EXPECT_TRUE(at::allclose(bent[row][2], joint.sum(0) / joint.sum(), 1e-10));
    EXPECT_TRUE(at::equal(bent[row][1], p[row][1]));
  }
}

TEST(TokenGuide, AMirrorStepTiltsByALinearScoreExactly) {
  // score(p) = sum_i <w, p_i>: p' = p exp(mu w), renormalised.
  class Linear : public Objective {
   public:
    Tensor score(const State& text) const override { return text.token.matmul(weight).sum(1); }
    bool differentiable() const override { return true; }
    std::string words() const override { return "linear()"; }
    Tensor weight = at::tensor({0.3, -1.0, 0.7}, torch::kFloat64);
  } objective;
  TokenGuidance guidance = token_guidance("mirror", 2, objective);
  TokenGuide guide(objective, guidance, at::arange(1, torch::kInt64), 3, 3);
  TokenView view;
  view.token = at::full({1, 3}, int64_t{3}), view.unknown = view.token == 3;
  view.p = at::arange(9, torch::kFloat64).sin().view({1, 3, 3}).softmax(2);
  const Tensor tilted = view.p * (2 * objective.weight).exp();
  EXPECT_TRUE(at::allclose(guide.bent(view), tilted / tilted.sum(-1, true), 1e-10));
}

TEST(TokenGuide, TheGradientThroughTheNetworkTiltsByWhatEachTokenWouldChange) {
  // log p of every place = log softmax(sum_j X_j W), score = sum_i <w, p_i> of probabilities.
  class Linear : public Objective {
   public:
    Tensor score(const State& text) const override { return text.token.matmul(weight).sum(1); }
    bool differentiable() const override { return true; }
    std::string words() const override { return "linear()"; }
    Tensor weight = at::tensor({0.3, -1.0, 0.7}, torch::kFloat64);
  } objective;
  const Tensor W = at::arange(12, torch::kFloat32).mul(0.9).sin().view({4, 3});
  const auto denoiser = [&](const Tensor& one_hot) {
    return one_hot.matmul(W).sum(1, true).expand({-1, 3, -1}).log_softmax(-1);
  };
  TokenGuidance guidance = token_guidance("tfg", 0.8, objective);
  guidance.bend.strength = 0;
  TokenGuide guide(objective, guidance, at::arange(1, torch::kInt64), 3, 3);
  TokenView view;
  view.token = at::tensor({int64_t{3}, int64_t{1}, int64_t{3}}).unsqueeze(0);
  view.unknown = view.token == 3, view.states = 4, view.relaxed = denoiser;
  const Tensor logits = (2 * W[3] + W[1]).to(torch::kFloat64), q = logits.softmax(0);
  view.p = q.expand({1, 3, 3}).clone();
  // Two unknown places: d score / d logits = 2 q (w - <q, w>), and each X_j[v] adds W[v] to the logits.
  const Tensor slope = 2 * q * (objective.weight - q.dot(objective.weight));
  const Tensor G = W.to(torch::kFloat64).matmul(slope);
  const Tensor tilted = q * (0.8 * (G.narrow(0, 0, 3) - G[3])).exp();
  const Tensor bent = guide.bent(view);
  EXPECT_TRUE(at::allclose(bent[0][0], tilted / tilted.sum(), 1e-5, 1e-7));
  EXPECT_TRUE(at::equal(bent[0][1], view.p[0][1]));
  view.relaxed = {};
  EXPECT_NE(refusal([&] { guide.bent(view); }).find("left to right"), std::string::npos);
}

// ln p(y | x_t) of two targets: linear in one-hot tokens, or with a square on top.
class NoisedTable : public Objective {
 public:
  NoisedTable(Tensor table, double square) : table_(std::move(table)), square_(square) {}  // [T, L, states]

  Tensor score(const State& text) const override { return at::zeros({text.token.size(0)}); }
  int64_t targets() const override { return table_.size(0); }
  bool differentiable() const override { return true; }
  bool judges_noised() const override { return true; }
  Tensor noised_score(const Tensor& token, const Tensor& noise) const override {
    const Tensor x =
        token.is_floating_point() ? token : at::one_hot(token, table_.size(2)).to(torch::kFloat32);
    const Tensor own = table_.repeat_interleave(x.size(0) / table_.size(0), 0).to(torch::kFloat32);
    const Tensor sum = (x * own).sum({1, 2}) * noise.to(torch::kFloat32);
    return sum + square_ * sum * sum;
  }
  std::string words() const override { return "noised()"; }

 private:
  Tensor table_;
  double square_;
};

// Of every place, by asking about each text with one token changed.
TEST(TokenGuide, StepsAreWeighedByBayesRuleOfEachPlace) {
  const int64_t states = kTokens + 1, rows = 4;
  const Tensor token = at::tensor({3, 1, 3, 0, 3, 3, 2, 2, 3, 3, 3, 3}, torch::kInt64).view({rows, 3});
  const Tensor noise = at::tensor({0.5, 1.0, 2.0, 0.25});
  const Tensor table = at::arange(24, torch::kFloat64).mul(1.9).sin().view({2, 3, 4});
  const TokenProcess process({}, kTokens);
  const Tensor p = at::arange(36, torch::kFloat64).mul(1.3).cos().view({4, 3, 3}).softmax(2);
  const TokenStep step = {token, at::full({rows}, 0.7, torch::kFloat64),
                          at::full({rows}, 0.4, torch::kFloat64)};
  const Tensor law = ancestral_law(process, p, step);
  constexpr double kStrength = 1.7;
  for (const double square : {0.0, 0.6}) {
    const NoisedTable objective(table, square);
    Tensor ratio = at::zeros(law.sizes(), torch::kFloat64);
    for (int64_t l = 0; l < kLength; ++l) {
      for (int64_t v = 0; v < states; ++v) {
        Tensor changed = token.clone();
        changed.select(1, l).fill_(v);
        ratio.select(1, l).select(1, v) =
            (objective.noised_score(changed, noise) - objective.noised_score(token, noise))
                .to(torch::kFloat64);
      }
    }
    const Tensor bayes = law * (kStrength * ratio).exp();
    const Tensor expected = bayes / bayes.sum(-1, true);
    for (const std::string method : {"cbg_exact", "cbg", "tag"}) {
      TokenGuidance guidance = token_guidance(method, kStrength, objective);
      guidance.population.method = "none";
      const TokenGuide guide(objective, guidance, at::arange(rows, torch::kInt64), kTokens, kLength);
      ASSERT_TRUE(guide.weighs_steps());
      const Tensor made = guide.step_law(law, token, noise);
      EXPECT_TRUE(at::allclose(made.sum(-1), at::ones({rows, kLength}, torch::kFloat64)));
      EXPECT_TRUE(made.masked_select(law == 0).eq(0).all().item<bool>());
      if (method == "tag") {
        const Tensor moved = law * (kStrength * ratio).exp();
        const Tensor leaving = moved.narrow(2, 0, kTokens).masked_fill((token < 3).unsqueeze(2), 0);
        const Tensor most = leaving.sum(-1, true).clamp_min(1);
        const Tensor moves = made.narrow(2, 0, kTokens).masked_fill((token < 3).unsqueeze(2), 0);
        EXPECT_EQ(at::allclose(moves, leaving / most, 1e-4, 1e-6), square == 0);
        continue;
      }
      const bool exact = method == "cbg_exact" || square == 0;
      EXPECT_EQ(at::allclose(made, expected, 1e-4, 1e-6), exact) << method << square;
    }
  }
}

TEST(TokenGuide, ManyDrawnTextsTellTheConditionalLaw) {
  const TableObjective objective(some_f(), false);
  TokenGuidance guidance = guidance_of("draws", objective);
  guidance.bend.draws = 20000;
  TokenGuide guide(objective, guidance, at::arange(1, torch::kInt64), 3, 3);
  TokenView view;
  view.token = at::full({1, 3}, int64_t{3}), view.unknown = view.token == 3;
  view.p = at::arange(9, torch::kFloat64).sin().view({1, 3, 3}).softmax(2);
  const Tensor joint = at::einsum("a,b,c,abc->abc", {view.p[0][0], view.p[0][1], view.p[0][2], some_f()});
  const Tensor bent = guide.bent(view);
  EXPECT_LT((bent[0][1] - joint.sum(std::vector<int64_t>{0, 2}) / joint.sum()).abs().max().item<double>(),
            0.02);
}

// p f normalised is what particles tend to, whatever guides them on the way.
TEST(TokenGuide, ParticlesComeNearTheExactPosteriorAsTheyGrow) {
  const Tensor exact = (some_law() * some_f()).flatten() / (some_law() * some_f()).sum();
  constexpr int64_t kSamples = 3000;
  for (const bool gradient : {true, false}) {
    const TableObjective objective(some_f(), gradient);
    const double none = total_variation(some_law().flatten(), exact);
    const double few =
        total_variation(drawn_law(objective, guidance_of("feynman_kac", objective, 2), kSamples), exact);
    const double many =
        total_variation(drawn_law(objective, guidance_of("feynman_kac", objective, 32), kSamples), exact);
    EXPECT_LT(few, none) << gradient;
    EXPECT_LT(many, 0.06) << gradient;
    EXPECT_LT(many, few) << gradient;
  }
  const TableObjective objective(some_f(), true);
  const double bent =
      total_variation(drawn_law(objective, guidance_of("bend", objective, 1), kSamples), exact);
  const double twisted =
      total_variation(drawn_law(objective, guidance_of("twisted", objective, 32), kSamples), exact);
  EXPECT_LT(twisted, 0.06);
  EXPECT_LT(twisted, bent);
}

TEST(TokenGuide, OtherMethodsRaiseTheScore) {
  const TableObjective objective(some_f(), true);
  const auto mean_score = [&](const Tensor& law) { return law.dot(some_f().log().flatten()).item<double>(); };
  double least = mean_score(some_law().flatten());
  for (const char* method : {"best_of", "svdd", "tree", "mirror"})
    EXPECT_GT(mean_score(drawn_law(objective, guidance_of(method, objective, 8), 400)), least + 0.1)
        << method;
}

TEST(TokenGuide, RefusesWhatDoesNotGoTogether) {
  const TableObjective with(some_f(), true), without(some_f(), false);
  const Tensor seeds = at::arange(2, torch::kInt64);
  EXPECT_NE(refusal([&] { token_guidance("twistd", -1, with); }).find("did you mean twisted"),
            std::string::npos);
  EXPECT_NE(refusal([&] { token_guidance("svdd", 2, with); }).find("bends predictions"), std::string::npos);
  EXPECT_NE(refusal([&] {
              TokenGuide(without, token_guidance("bend", -1, without), seeds, 3, 3);
            }).find("bends no predictions"),
            std::string::npos);
  TokenGuidance tree = token_guidance("tree", -1, with);
  tree.population.branch = "destination";
  EXPECT_NE(refusal([&] { check(tree); }).find("state"), std::string::npos);
  EXPECT_EQ(token_guidance("", -1, with).bend.strength, 1);
  EXPECT_EQ(token_guidance("auto", -1, without).bend.strength, 0);
}

}  // namespace
}  // namespace steer

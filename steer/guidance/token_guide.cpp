#include "steer/guidance/token_guide.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/discrete/token_step.h"
#include "steer/guidance/presets.h"
#include "steer/guidance/scoring.h"

namespace steer {
namespace {

constexpr uint64_t kCompletions = 0xC0391E;
constexpr int64_t kRows = 8;    // of a method that nobody tells how many
constexpr int64_t kLooks = 16;  // on the way, where each costs drawn texts
// What no factor goes below, so that nothing that the model can say becomes impossible.
constexpr double kLeastFactor = 1e-9;

// Whether every term has a gradient.
bool has_gradient(const Objective& objective) {
  const auto parts = objective.parts();
  if (parts.empty()) return objective.differentiable();
  for (const Objective::Part& part : parts)
    if (part.ranked || !has_gradient(*part.objective)) return false;
  return true;
}

// d score / d p less its mean under p: [B, T, V]. Other terms of a sum share the graph from p to the text.
Tensor centred_gradient(const Objective& objective, const State& text, const Tensor& p) {
  const Tensor g = torch::autograd::grad({objective.score(text).sum()}, {p}, {}, true, false, true)[0];
  if (!g.defined()) return at::zeros_like(p);
  return g - (g * p.detach()).sum(-1, true);
}

// The logarithm of what each token multiplies its probability by.
Tensor log_factor(const Objective& objective, const State& text, const Tensor& p, const std::string& form) {
  const auto parts = objective.parts();
  Tensor sum;
  for (const Objective::Part& part : parts) {
    const Tensor each = part.weight * log_factor(*part.objective, text, p, form);
    sum = sum.defined() ? sum + each : each;
  }
  if (sum.defined()) return sum;
  const Tensor gradient = centred_gradient(objective, text, p);
  if (form == "mirror" || !objective.averages()) return gradient;
  return (1 + gradient).clamp_min(kLeastFactor).log();
}

}  // namespace

const std::vector<Named>& token_methods() {
  static const std::vector<Named> table = {
      {"none", "what the objective knows for sure is set, nothing else guides"},
      {"bend", "each prediction is weighed by what the objective would be worth with it"},
      {"mirror", "predictions go up the objective's gradient"},
      {"tfg", "mirror, and the gradient through the network: mean and variance guidance; of text alone"},
      {"draws", "predictions are those of finished texts that the objective likes; no gradient"},
      {"cbg", "steps are weighed by a classifier of noised texts, to first order; of text alone"},
      {"cbg_exact", "the same by one evaluation of the classifier for every token that a place may become"},
      {"tag", "cbg of rates: what changes a token is weighed"},
      {"best_of", "whole samples, of which the best wins"},
      {"svdd", "of the candidates of each step one goes on, drawn by the objective"},
      {"feynman_kac", "particles, weighed and resampled on the way"},
      {"tree", "the best paths go on"},
      {"twisted", "particles whose predictions are bent, weighed for it: in the limit exact"},
  };
  return table;
}

TokenGuidance token_guidance(const std::string& name, double strength, const Objective& objective,
                             int64_t turns) {
  const std::string method = !name.empty() && name != kAuto ? name
                             : has_gradient(objective)      ? "twisted"
                                                            : "feynman_kac";
  STEER_CHECK(among(method, names_of(token_methods())), "[guide] method: unknown ", method,
              did_you_mean(method, names_of(token_methods())));
  TokenGuidance guidance;
  const bool bends = among(method, {"bend", "mirror", "tfg", "draws", "twisted"});
  const bool steps = among(method, {"cbg", "cbg_exact", "tag"});
  STEER_CHECK(bends || steps || strength < 0 || (name.empty() || name == kAuto),
              "[guide] strength: expected a method that bends predictions or weighs steps but got ", method);
  if (steps) {
    guidance.step.strength = strength < 0 ? 1 : strength;
    guidance.step.rates = method == "tag";
    if (method == "cbg_exact") guidance.step.form = "exact";
  }
  if (bends) {
    guidance.bend.strength = strength < 0 ? 1 : strength;
    if (method == "mirror" || method == "draws") guidance.bend.form = method;
    if (method == "tfg") guidance.bend.form = "mirror", guidance.bend.rho = guidance.bend.strength;
  }
  if (method == "twisted") guidance.population.method = "feynman_kac";
  if (among(method, {"best_of", "svdd", "feynman_kac", "tree"})) guidance.population.method = method;
  guidance.population.count = kRows;
  if (method == "tree") guidance.population.paths = 2;
  if (!has_gradient(objective)) guidance.population.every = std::max<int64_t>(1, turns / kLooks);
  guidance.population.spread = !objective.in_nats();
  if (guidance.population.spread) guidance.population.temperature = 0.25;
  return guidance;
}

void check(const TokenGuidance& guidance) {
  check_options(guidance, "guidance");
  check_population(guidance.population);
  STEER_CHECK(!by_destination(guidance.population),
              "[guide] population.branch: expected state for tokens but got destination");
  const std::vector<std::string> forms = {"value", "mirror", "draws"};
  STEER_CHECK(among(guidance.bend.form, forms), "[guide] bend.form: unknown ", guidance.bend.form,
              did_you_mean(guidance.bend.form, forms));
  STEER_CHECK(guidance.step.form == "first_order" || guidance.step.form == "exact",
              "[guide] step.form: expected first_order or exact but got ", guidance.step.form);
}

TokenGuide::TokenGuide(const Objective& objective, const TokenGuidance& guidance, const Tensor& seeds,
                       int64_t vocabulary, int64_t length)
    : objective_(objective),
      guidance_(guidance),
      vocabulary_(vocabulary),
      length_(length),
      contest_(guidance.population, seeds,
               guidance.population.method == "none" ? 1 : guidance.population.count),
      row_seeds_(contest_.row_seeds()) {
  check(guidance);
  STEER_CHECK(
      !weighs_steps() || objective.judges_noised(), "[guide] ", objective.words(),
      ": steps are weighed by a classifier that knows noise, as label(CLASS, classifier=RUN) of a run of "
      "steer train text_classifier");
  const bool drawn = guidance.bend.form == "draws" && guidance.bend.rho == 0;
  STEER_CHECK(!bends() || drawn || has_gradient(objective), "[guide] ", objective.words(),
              ": a term without gradient bends no predictions; --method feynman_kac or draws "
              "needs none");
}

Tensor TokenGuide::ratio_first_order(const Tensor& token, const Tensor& noise, int64_t states) const {
  const at::AutoGradMode grad(true);
  const Tensor input = at::one_hot(token, states).to(torch::kFloat32).requires_grad_(true);
  const Tensor score = objective_.noised_score(input, noise).sum();
  const Tensor g = torch::autograd::grad({score}, {input})[0];
  return (g - g.gather(2, token.unsqueeze(2))).to(torch::kFloat64);
}

Tensor TokenGuide::ratio_exact(const Tensor& law, const Tensor& token, const Tensor& noise) const {
  constexpr int64_t kTextsAtOnce = 256;
  const torch::NoGradGuard no_grad;
  const Tensor here = objective_.noised_score(token, noise).to(torch::kFloat64);
  Tensor ratio = at::zeros(law.sizes(), torch::kFloat64);
  const Tensor possible = (law > 0) & at::one_hot(token, law.size(2)).logical_not();
  for (int64_t row = 0; row < token.size(0); ++row) {
    const Tensor changes = possible[row].nonzero();  // [C, 2]: place, state
    for (int64_t at = 0; at < changes.size(0); at += kTextsAtOnce) {
      const Tensor some = changes.narrow(0, at, std::min(kTextsAtOnce, changes.size(0) - at));
      const Tensor place = some.select(1, 0), state = some.select(1, 1);
      const Tensor texts = token[row]
                               .unsqueeze(0)
                               .repeat({some.size(0), 1})
                               .scatter(1, place.unsqueeze(1), state.unsqueeze(1));
      // Each target is asked about all of them, as scores come in groups.
      const int64_t targets = objective_.targets(), count = texts.size(0);
      const Tensor said = objective_.noised_score(texts.repeat({targets, 1}),
                                                  noise.narrow(0, row, 1).expand({targets * count}));
      const Tensor own = said.view({targets, count})[row * targets / token.size(0)];
      ratio[row].index_put_({place, state}, own.to(torch::kFloat64) - here[row]);
    }
  }
  return ratio;
}

Tensor TokenGuide::step_law(const Tensor& law, const Tensor& token, const Tensor& noise) const {
  constexpr double kMostRatio = 80;
  const Tensor ratio = guidance_.step.form == "exact" ? ratio_exact(law, token, noise)
                                                      : ratio_first_order(token, noise, law.size(2));
  return tilted_law(law, token, (guidance_.step.strength * ratio).clamp(-kMostRatio, kMostRatio),
                    guidance_.step.rates);
}

void TokenGuide::learn(const TokenView& view) {
  if (!expected_.defined()) {
    expected_ = at::zeros({view.token.size(0), vocabulary_}, torch::kFloat64);
    predicted_ = at::zeros({view.token.size(0), 1}, torch::kFloat64);
  }
  const Tensor seen = view.unknown.unsqueeze(-1).to(torch::kFloat64);
  expected_ = expected_ + (view.p * seen).sum(1);
  predicted_ = predicted_ + seen.sum(1);
}

// float64, so that rare words do not vanish among the products.
State TokenGuide::probabilities(const TokenView& view, int64_t each) const {
  const auto hard = [&](const Tensor& token) {
    return at::one_hot(token.clamp(0, vocabulary_ - 1), vocabulary_).to(torch::kFloat64);
  };
  const Tensor here =
      view.p.defined() ? at::where(view.unknown.unsqueeze(-1), view.p, hard(view.token)) : hard(view.token);
  std::vector<Tensor> parts;
  if (view.before.defined()) parts.push_back(hard(view.before));
  parts.push_back(here);
  const int64_t made = here.size(1) + (view.before.defined() ? view.before.size(1) : 0);
  if (made < length_) {
    const Tensor even =
        at::full({here.size(0), vocabulary_}, 1.0 / static_cast<double>(vocabulary_), torch::kFloat64);
    Tensor mean = even;
    if (expected_.defined())
      mean =
          at::where(predicted_ > 0, expected_ / predicted_, even.narrow(0, 0, 1)).repeat_interleave(each, 0);
    parts.push_back(mean.unsqueeze(1).expand({here.size(0), length_ - made, vocabulary_}));
  }
  State state;
  state.token = at::cat(parts, 1);
  return state;
}

State TokenGuide::completion(const TokenView& view, uint64_t draw, int64_t each) const {
  Tensor here = view.token;
  if (view.p.defined()) {
    const Tensor u = fine_uniform_rows(row_seeds_.repeat_interleave(each),
                                       derive_seed(kCompletions, static_cast<uint64_t>(turn_), draw),
                                       {view.token.size(1)});
    here = at::where(view.unknown, drawn_from(view.p, u), view.token);
  }
  State state;
  state.token = view.before.defined() ? at::cat({view.before, here}, 1) : here;
  const int64_t made = state.token.size(1);
  if (made < length_) {
    state.token = at::pad(state.token, {0, length_ - made});
    state.mask = (at::arange(length_) < made).unsqueeze(0).expand_as(state.token);
  }
  return state;
}

Tensor TokenGuide::value(const TokenView& view, int64_t each) const {
  const torch::NoGradGuard no_grad;
  const int64_t samples = contest_.samples();
  if (has_gradient(objective_)) return score_rows(objective_, probabilities(view, each), samples);
  const bool sure = !view.p.defined() || !view.unknown.any().item<bool>();
  std::vector<Tensor> scores;
  for (int64_t i = 0; i < (sure ? 1 : guidance_.completions); ++i)
    scores.push_back(score_rows(objective_, completion(view, static_cast<uint64_t>(i), each), samples));
  const double count = static_cast<double>(scores.size());
  const Tensor all = at::stack(scores);
  // Scores of other units have no exponential.
  return objective_.in_nats() ? all.logsumexp(0) - std::log(count) : all.mean(0);
}

Tensor TokenGuide::by_gradient(const TokenView& view) const {
  const at::AutoGradMode grad(true);
  TokenView relaxed = view;
  relaxed.p = view.p.detach().clone().requires_grad_(true);
  const Tensor log = log_factor(objective_, probabilities(relaxed), relaxed.p, guidance_.bend.form);
  return (view.p.log() + guidance_.bend.strength * log.detach()).softmax(-1);
}

Tensor TokenGuide::through_network(const TokenView& view) const {
  STEER_CHECK(view.relaxed,
              "[guide] bend.rho: expected discrete diffusion, whose network sees all tokens, but got a "
              "model from left to right");
  const at::AutoGradMode grad(true);
  const Tensor input = at::one_hot(view.token, view.states).to(torch::kFloat32).requires_grad_(true);
  TokenView seen = view;
  seen.p = view.relaxed(input).to(torch::kFloat64).softmax(-1);
  const Tensor score = objective_.score(probabilities(seen)).sum();
  const Tensor g = torch::autograd::grad({score}, {input}, {}, {}, false, true)[0];
  if (!g.defined()) return at::zeros_like(view.p);
  const Tensor here = g.gather(2, view.token.unsqueeze(2));
  return (guidance_.bend.rho * (g.narrow(2, 0, vocabulary_) - here)).to(torch::kFloat64).detach();
}

Tensor TokenGuide::by_draws(const TokenView& view) const {
  const int64_t count = guidance_.bend.draws, from = view.before.defined() ? view.before.size(1) : 0;
  std::vector<Tensor> tokens, scores;
  for (int64_t i = 0; i < count; ++i) {
    const State text = completion(view, static_cast<uint64_t>(i));
    tokens.push_back(text.token.narrow(1, from, view.token.size(1)));
    scores.push_back(score_rows(objective_, text, contest_.samples()));
  }
  const Tensor weight = (at::stack(scores) * guidance_.bend.strength).softmax(0);  // [K, B]
  const Tensor index = at::stack(tokens, 2);                                       // [B, T, K]
  Tensor p = at::zeros_like(view.p);
  return p.scatter_add(2, index, weight.t().unsqueeze(1).expand_as(index).contiguous());
}

Tensor TokenGuide::worth(const TokenView& view, int64_t each) const {
  const Tensor score = guidance_.bend.strength > 0 ? guidance_.bend.strength * value(view, each)
                                                   : at::zeros({view.token.size(0)}, torch::kFloat64);
  return score.view({-1, each});
}

Tensor TokenGuide::bent(const TokenView& view) {
  learn(view);
  if (!bends()) return view.p;
  Tensor p = view.p;
  if (guidance_.bend.strength > 0) p = guidance_.bend.form == "draws" ? by_draws(view) : by_gradient(view);
  if (guidance_.bend.rho > 0) p = (p.log() + through_network(view)).softmax(-1);
  return at::where(view.unknown.unsqueeze(-1), p, view.p);
}

bool TokenGuide::weighs() const {
  const PopulationOptions& o = guidance_.population;
  return o.method != "none" && o.method != "best_of" && (turn_ + 1) % o.every == 0;
}

void TokenGuide::pass(const Tensor& log_ratio) {
  const bool weighed = bends() && log_ratio.defined() && guidance_.population.method == "feynman_kac";
  if (weighed) contest_.correct(log_ratio.view({contest_.samples(), contest_.width()}));
  ++turn_;
}

Tensor TokenGuide::chosen(const TokenView& view, const Tensor& log_ratio) {
  const bool looks = weighs();
  pass(log_ratio);
  if (!looks) return {};
  const Tensor rows = contest_.parents(value(view), turn_);
  if (rows.defined() && expected_.defined())
    expected_ = expected_.index_select(0, rows), predicted_ = predicted_.index_select(0, rows);
  return rows;
}

void TokenGuide::finish(const Tensor& token) {
  State text;
  text.token = token;
  contest_.finish(score_rows(objective_, text, contest_.samples()), turn_);
}

}  // namespace steer

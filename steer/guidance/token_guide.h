// Guidance of tokens: by what an objective would say of the finished text, predictions are bent and rows
// compete.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/core/space.h"
#include "steer/guidance/contest.h"
#include "steer/objectives/objective.h"

namespace steer {

// How predictions are bent.
struct BendOptions {
  double strength = 0;
  std::string form = "value";
  int64_t draws = 64;
  double rho = 0;

  void fields(OptionFields& f) {
    f("strength", strength, "how strongly predictions are bent; 0 = not at all", at_least(0));
    f("form", form,
      "value (each token by what the objective would be worth with it), mirror (a step of mirror ascent by "
      "the gradient) or draws (by finished texts that are drawn, without gradient)");
    f("draws", draws, "form draws: finished texts drawn for each row", from_to(2, 1 << 16));
    f("rho", rho,
      "of discrete diffusion: strength of the gradient through the network, by what each token in the place "
      "of "
      "one would change; 0 = none",
      at_least(0));
  }
};

// How steps of discrete diffusion are weighed by what a classifier of noised texts says.
struct StepOptions {
  double strength = 0;
  std::string form = "first_order";
  bool rates = false;

  void fields(OptionFields& f) {
    f("strength", strength, "how strongly steps are weighed; 0 = not at all", at_least(0));
    f("form", form,
      "first_order (one evaluation of the classifier and one pass back a step) or exact (one evaluation for "
      "every token that a place may become)");
    f("rates", rates, "only what changes a token is weighed, the rest stays, as rates are guided");
  }
};

// How an objective guides tokens: by bending predictions, by choosing among rows, or both.
struct TokenGuidance {
  BendOptions bend;
  StepOptions step;
  PopulationOptions population;
  int64_t completions = 4;

  void fields(OptionFields& f) {
    f("bend", bend, "guidance of predictions");
    f("step", step, "guidance of steps by a classifier that knows noise");
    f("population", population, "guidance by choosing among rows");
    f("completions", completions,
      "an objective without gradient judges unfinished rows by so many finished texts, drawn",
      from_to(1, 4096));
  }
};

// The methods' words, each with what it does: none, bend, mirror, tfg, draws, cbg, cbg_exact, tag, best_of,
// svdd, feynman_kac, tree and twisted (particles that are bent too).
const std::vector<Named>& token_methods();

// The settings that a method stands for. Empty or auto: what suits the objective, twisted where it has a
// gradient, else feynman_kac. A strength below 0 is the method's own, 1. Rows compete after each of `turns`
// steps, or sixteen times where there is no gradient and each look costs drawn texts. Error for other words,
// and for a strength where there is none.
TokenGuidance token_guidance(const std::string& name, double strength, const Objective& objective,
                             int64_t turns = 1);

// Error for unknown words, numbers out of range and trees of destinations.
void check(const TokenGuidance& guidance);

// The tokens that are being made, and those before them.
struct TokenView {
  Tensor before;   // int64 [B, b], known already; undefined: none
  Tensor token;    // int64 [B, T]
  Tensor unknown;  // bool [B, T]: what p tells of; elsewhere the token stands
  Tensor p;        // float64 [B, T, V]; may be undefined where nothing is unknown
  // log p [B, T, V] of one-hot tokens [B, T, states], with a gradient; empty from left to right.
  std::function<Tensor(const Tensor& one_hot)> relaxed = {};
  int64_t states = 0;  // of the process, the mask among them
};

// One drawing of N samples of W rows each, of texts of `length` tokens.
//
// A row is judged as a text whose known tokens are themselves, whose unknown ones follow p independently, and
// whose tokens behind those in view follow the mean of all predictions so far of this row. Objectives with a
// gradient score these probabilities; the others score texts drawn from them, of which ln mean exp counts,
// with nothing behind the view.
//
// bend, with E the expectation over such texts and f = exp(score) (token by token the law of Bayes' rule,
// which classifier guidance of discrete diffusion follows; Schiff et al. 2024):
//
//   value    p'(v) = p(v) (E[f | v] / E[f])^strength, exact where Objective::averages, for each term of a sum
//   by
//            itself; other terms as mirror
//   mirror   p'(v) = p(v) exp(strength (g_v - sum_u p_u g_u)), g the gradient of the score in p
//   rho      times exp(rho (G_v - G_x)), G the gradient of the score of what the network says in its one-hot
//            input, x the token there: TFG's variance guidance for tokens (SVDD's and TreeG's "DPS" rows;
//            Nisonoff et al. 2025 through a classifier), one evaluation and one pass back more
//   draws    p'(v) = sum of w_k over drawn texts with v there, w = softmax(strength score) (TFG-Flow; Lin et
//   al.
//            2025)
//
// Steps are weighed (cbg, tag) token by token: a state v that place l may have after the step counts
// (p(y | x~) / p(y | x_t))^strength, x~ = x_t with v at l and y what is wanted, by Objective::noised_score;
// first_order takes ln of that to be d ln p(y | x_t) / d x_t [l, v] less the same of the token there (Schiff
// et al. 2024, section 3; Nisonoff et al. 2025). Logarithms are cut at +-80.
//
// Rows compete as Contest tells; with bent predictions feynman_kac weighs them by what the model alone would
// have drawn (twisted), so that with many particles samples follow the model's law times f.
class TokenGuide {
 public:
  // Seeds int64 [N]. The objective must outlive the guide. Error where predictions are to be bent by a
  // gradient that a term has not, and as check().
  TokenGuide(const Objective& objective, const TokenGuidance& guidance, const Tensor& seeds,
             int64_t vocabulary, int64_t length);

  Contest& contest() { return contest_; }              // of the rows
  const Contest& contest() const { return contest_; }  // the same
  // Whether predictions are bent.
  bool bends() const { return guidance_.bend.strength > 0 || guidance_.bend.rho > 0; }

  // Whether steps are weighed.
  bool weighs_steps() const { return guidance_.step.strength > 0; }
  // The law [B, T, states] of a step from tokens int64 [B, T], of which networks are told noise [B], weighed.
  Tensor step_law(const Tensor& law, const Tensor& token, const Tensor& noise) const;

  // What bending would say of whole candidates: `strength` times the scores of unfinished texts, as rows are
  // judged, float64 [B, each], for views of B each rows, `each` in a row for each of the rows. Zeros where
  // the form bends nothing.
  Tensor worth(const TokenView& view, int64_t each) const;
  // p [B, T, V] bent where tokens are unknown. To be asked once for every prediction.
  Tensor bent(const TokenView& view);
  // Whether chosen() will look after this turn.
  bool weighs() const;
  // Ends a turn: the rows that go on, undefined where all do. `log_ratio` [B] as TokenMoment; undefined where
  // nothing is bent.
  Tensor chosen(const TokenView& view, const Tensor& log_ratio);
  // The same of a turn after which nobody looks.
  void pass(const Tensor& log_ratio);
  // Ends the drawing with whole texts int64 [N W, length].
  void finish(const Tensor& token);

 private:
  State probabilities(const TokenView& view, int64_t each = 1) const;
  State completion(const TokenView& view, uint64_t draw, int64_t each = 1) const;
  Tensor value(const TokenView& view, int64_t each = 1) const;
  Tensor by_gradient(const TokenView& view) const;
  Tensor by_draws(const TokenView& view) const;
  Tensor through_network(const TokenView& view) const;
  Tensor ratio_first_order(const Tensor& token, const Tensor& noise, int64_t states) const;
  Tensor ratio_exact(const Tensor& law, const Tensor& token, const Tensor& noise) const;
  void learn(const TokenView& view);

  const Objective& objective_;
  TokenGuidance guidance_;
  int64_t vocabulary_, length_;
  Contest contest_;
  Tensor row_seeds_;
  Tensor expected_;   // [B, V], sums of predictions of each row
  Tensor predicted_;  // [B, 1], how many
  int64_t turn_ = 0;
};

}  // namespace steer

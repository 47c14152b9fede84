// How a discrete diffusion is sampled: step after step from noise to tokens.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/core/watch.h"
#include "steer/discrete/token_process.h"

namespace steer {

// log p(x_0 = j | x_t) [B, T, N] of tokens int64 [B, T], or where guidance wants a gradient one-hot tokens
// float [B, T, states], at times float64 [B].
using TokenDenoiser = std::function<Tensor(const Tensor& token, const Tensor& t)>;

// Which solver, and how.
struct TokenSolverOptions {
  std::string name = "ancestral";
  int64_t steps = 64;
  double temperature = 1;
  double nucleus = 1;
  int64_t block = 0;
  std::string remask = "rescale";
  double eta = 0.1;
  double remask_from = 1;
  double remask_to = 0;
  double hold = 0;
  std::string confidence = "probability";
  std::string reveal = "cosine";
  double gumbel = 0;

  void fields(OptionFields& f) {
    f("name", name, "how tokens become known: a name of token_solvers()");
    f("steps", steps, "steps, of each block; first_hitting takes one for every token", from_to(1, 1000000));
    f("temperature", temperature, "divides the logarithms of predictions; 0 = the likeliest token",
      at_least(0));
    f("nucleus", nucleus, "predictions are cut to the likeliest tokens of this share together; 1 = all",
      from_to(0, 1));
    f("block", block, "of masks: so many tokens become known before those right of them; 0 = all at once",
      at_least(0));
    f("remask", remask, "remask: how often known tokens are masked again: a name of remask_rules()");
    f("eta", eta, "remask: strength of the rule, a probability or a share of the largest one", from_to(0, 1));
    f("remask_from", remask_from, "remask: known tokens are masked again below this share of the way left",
      from_to(0, 1));
    f("remask_to", remask_to, "remask: and above this one", from_to(0, 1));
    f("hold", hold, "remask: alpha that is held between the two while tokens change (ReMDM's loop); 0 = none",
      from_below(0, 1));
    f("confidence", confidence, "confidence: probability, margin (to the second) or entropy");
    f("reveal", reveal, "confidence: how the share of masks falls: cosine or linear");
    f("gumbel", gumbel, "confidence: Gumbel noise on it, falling to 0 on the way", at_least(0));
  }
};

// The words of `name`, `remask`, each with what it means.
const std::vector<Named>& token_solvers();
const std::vector<Named>& remask_rules();

// Tokens that stay as they are, as an infilling asks; undefined members: none.
struct KnownTokens {
  Tensor token;  // int64 [B, T]
  Tensor known;  // bool [B, T]
};

// Error unless the options are good and go with the process.
void check(const TokenSolverOptions& options, const TokenProcess& process);

// What a solver made.
struct TokenSolution {
  Tensor token;             // int64 [B, T], no masks
  int64_t evaluations = 0;  // of the denoiser, all rows at once
  bool stopped = false;     // the watch ended it
};

// Tokens on their way, as guidance sees them.
struct TokenMoment {
  Tensor token;                   // int64 [B, T], as they stand
  Tensor t;                       // float64 [B]: the time that is reached
  std::function<Tensor()> log_p;  // what the denoiser says of them; asks it where it was not asked yet
  // The same of one-hot tokens [B, T, states] in their place, with a gradient where one is wanted; each call
  // is an evaluation.
  std::function<Tensor(const Tensor& one_hot)> relaxed;
  Tensor log_ratio;   // float64 [B], where predictions are bent: of the step just made, ln of its probability
                      // without that over its probability with it
  bool last = false;  // nothing is open any more
};

// The law of a step by what the denoiser says, log p [B, T, N], sharpened as the options say.
using LawOfStep = std::function<Tensor(const Tensor& log_p)>;

// What guidance does to a solver's steps; what is empty does nothing.
struct TokenSteering {
  // Predictions that are steered: probabilities p [B, T, N], float64, of a moment become others.
  std::function<Tensor(const Tensor& p, const TokenMoment& moment)> bend;
  // Laws [B, T, states] of a step on a grid, of tokens from time t on, become others; `law_of` gives those by
  // other predictions. Other solvers have no such laws.
  std::function<Tensor(const Tensor& law, const Tensor& token, const Tensor& t, const LawOfStep& law_of)>
      mix = {};
  // After every step: the rows that go on, int64 [B]; undefined: every row.
  std::function<Tensor(const TokenMoment& moment)> choose;
};

// Samples of `length` tokens; row i depends on seeds[i] (int64 [B]) and what is known of it alone. A denoiser
// that is `timeless` is not asked again about tokens that did not change (Sahoo et al. 2024: at most one
// evaluation for each token); where it may be asked about some of the rows alone, `rows_apart`, only about
// those that did. The watch sees tokens with masks on the way.
//
// All but `confidence`, which picks what it is surest of and is no sampler of the model, end in the model's
// own law as steps grow; `first_hitting` is there with one evaluation a token. With steering rows depend on
// one another as it tells; `confidence` has no law and tells no ratio. Error for options that are none, a
// solver of masks on a process without, and for predictions that are not finite or of another shape.
TokenSolution solve_tokens(const TokenDenoiser& denoiser, const TokenProcess& process,
                           const TokenSolverOptions& options, const Tensor& seeds, int64_t length,
                           const KnownTokens& known = {}, bool timeless = false, const Watch& watch = {},
                           const TokenSteering& steering = {}, bool rows_apart = false);

// Rows of log p [..., N] sharpened by a temperature (0: all on the likeliest), then cut to their nucleus and
// made to sum to 1 again: probabilities, float64.
Tensor sharpened(const Tensor& log_p, double temperature, double nucleus);

}  // namespace steer

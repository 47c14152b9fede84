// Texts of which some places are known.
#pragma once

#include <string>

#include "steer/objectives/objective.h"
#include "steer/text/tokenizer.h"

namespace steer {

// What is known of a text of `length` tokens, as State of one row: token int64 [1, length], 0 where nothing
// is known, and mask bool [1, length], where something is. In the template `[12]` stands for twelve unknown
// tokens, `[[` for a bracket and `\n` for a line break; what is behind its end is unknown. Error for a
// template that is empty, has a bracket of its own or is longer than `length`, and for text that the
// tokenizer does not know.
State known_of(const std::string& text, const Tokenizer& tokenizer, int64_t length);

// ln p(known | token) = -(cost in nats) for each known place that has another token; differentiable in
// probabilities, where it is the logarithm of cost's mixture: sum over known places of
// ln(e^-cost + (1 - e^-cost) p(known token)).
class InfillObjective : public Objective {
 public:
  // `known` as known_of; `words` is what words() gives.
  InfillObjective(State known, double cost, std::string words);

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return true; }
  bool averages() const override { return true; }
  State known() const override { return known_; }
  std::string words() const override { return words_; }

 private:
  State known_;
  double cost_;
  std::string words_;
};

}  // namespace steer

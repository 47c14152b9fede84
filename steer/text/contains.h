// Texts that have a word.
#pragma once

#include <string>

#include "steer/objectives/objective.h"
#include "steer/text/token_automaton.h"

namespace steer {

// ln(e^-cost + (1 - e^-cost) P(the automaton accepts the text)): of tokens 0 where it does and -cost where it
// does not; of probabilities by acceptance(), differentiable.
class ContainsObjective : public Objective {
 public:
  // `words` is what words() gives.
  ContainsObjective(TokenAutomaton automaton, double cost, std::string words);

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return true; }
  bool averages() const override { return true; }
  std::string words() const override { return words_; }

 private:
  TokenAutomaton automaton_;
  double cost_;
  std::string words_;
};

}  // namespace steer

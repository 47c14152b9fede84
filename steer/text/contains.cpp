#include "steer/text/contains.h"

#include <cmath>

namespace steer {

ContainsObjective::ContainsObjective(TokenAutomaton automaton, double cost, std::string words)
    : automaton_(std::move(automaton)), cost_(cost), words_(std::move(words)) {}

Tensor ContainsObjective::score(const State& sample) const {
  const double least = std::exp(-cost_);
  return (least + (1 - least) * acceptance(automaton_, sample)).log();
}

}  // namespace steer

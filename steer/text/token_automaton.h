// Automata that read tokens: whether a text has what is asked for, of tokens and of probabilities alike.
#pragma once

#include <string>

#include "steer/core/state.h"
#include "steer/text/tokenizer.h"

namespace steer {

// A deterministic automaton of S states over V tokens; it begins in state 0.
struct TokenAutomaton {
  Tensor next;    // int64 [S, V]: where each token leads
  Tensor accept;  // bool [S]: the states in which what was asked for has been read
};

// Reads the bytes of tokens and accepts texts that have the word at least `count` times, one after another
// (Knuth, Morris, Pratt 1977). The end of a document, where there is one, ends the reading. Error for an
// empty word and for words that need more than 4,096 states.
TokenAutomaton occurrences_of(const std::string& word, int64_t count, const Tokenizer& tokenizer);

// The probability that a text is accepted, [N] in [0, 1]: of tokens int64 [N, T] 0 or 1; of probabilities
// [N, T, V] exactly, if tokens are independent, and differentiable. Places that State.mask leaves out are not
// read.
Tensor acceptance(const TokenAutomaton& automaton, const State& text);

}  // namespace steer

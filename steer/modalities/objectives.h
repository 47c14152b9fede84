// All objectives by name: what the user writes on the command line or in JSON becomes an object here.
#pragma once

#include <memory>
#include <string>

#include "steer/objectives/vocabulary.h"

namespace steer {

// The words that objectives about samples of a kind are made of: those of the kind, then those that suit
// every kind. Error for a kind that nobody makes.
Vocabulary words_of(const std::string& kind);

// Every word of every kind, those that suit every kind last.
Vocabulary all_words();

// The objective that the words describe, on the context's device: a word of the table (docs/objectives.md),
// a weighted sum `0.5*a(...) + b(...)`, or a sum of ranks (RankSum) `rank(0.5*a(...) + 0.5*b(...))`. Errors
// are one line that starts with `[objective]`. Whoever lets others write words lets them run programs.
std::unique_ptr<Objective> make_objective(const std::string& words, const ObjectiveContext& context);

}  // namespace steer

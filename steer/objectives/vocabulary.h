// The words that objectives are made of, as data: parser, help, the check of the documentation and other
// doors read them from here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/objectives/arguments.h"
#include "steer/objectives/context.h"
#include "steer/objectives/objective.h"

namespace steer {

// What a generator can make of an objective, from the most to the least.
enum class Nature {
  kLinear,    // measurements y = A x + noise
  kGradient,  // a score with a gradient in the sample
  kBlackBox,  // a score alone
};

// "linear", "gradient" or "black box".
std::string name_of(Nature nature);

// One word. Exactly one of `make` and `combine` is there.
struct Word {
  std::string name;                   // as it is written
  std::vector<std::string> aliases;   // former names, which are still read
  std::vector<std::string> kinds;     // of sample that it judges, as Space::kind; empty: every kind
  Nature nature = Nature::kBlackBox;  // with its default arguments
  std::string meaning;                // one line: what it asks for
  std::string example;                // a call as a user would write it
  std::vector<Parameter> parameters;  // its arguments, positional ones first and in their order

  // The objective that a call asks for, on the context's device.
  std::function<std::unique_ptr<Objective>(const Arguments& arguments, const ObjectiveContext& context)> make;
  // Of words that hold a sum instead of arguments: the objective made of its terms.
  std::function<std::unique_ptr<Objective>(std::vector<WeightedSum::Term> terms)> combine;
};

// Words to read by. They live as long as the tables that they come from.
using Vocabulary = std::vector<const Word*>;

// All words of the tables that judge samples of a kind; of an empty kind: all of them.
Vocabulary vocabulary_of(const std::vector<const std::vector<Word>*>& tables, const std::string& kind = "");

// The word of this name or alias; null where there is none.
const Word* find_word(const Vocabulary& vocabulary, const std::string& name);

// The objective that the text describes, `0.5*a(...) + rank(b(...) + c(...))`, on the context's device.
// Error, one line that starts with `[objective]`, for what the grammar does not know, unknown words, and as
// each word's make.
std::unique_ptr<Objective> objective_of(const std::string& text, const Vocabulary& vocabulary,
                                        const ObjectiveContext& context);

// The table as JSON, one object for each word: name, aliases, kinds, nature, meaning, example, and arguments
// with name, type, meaning, default (null: none), required, positional, range ([low, high] of numbers) and
// choices.
Json vocabulary_json(const Vocabulary& vocabulary);

}  // namespace steer

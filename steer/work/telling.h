// What a conditional model is told, out of words.
#pragma once

#include <string>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/models/model.h"

namespace steer {

// The words: a recipe holds them.
struct Telling {
  std::string label;               // a class, several with commas between, all or none; empty: not told
  std::vector<std::string> given;  // files of samples that a condition is made from
  std::string fit;                 // of files of another size: resize, pad, or empty to refuse them
  std::string value = {};          // numbers by name, "alpha=75 gap=6,7,8"; empty: not told

  void fields(OptionFields& f) {
    f("label", label, "a class, several with commas between, all or none; empty = not told");
    f("value", value, "numbers by name, as \"alpha=75 gap=6,7,8\"; empty = not told");
    f("given", given, "files of samples that a condition is made from");
    f("fit", fit, "of files of another size: resize or pad; empty = they are refused");
  }
};

// The labels that the words name: names or numbers of classes with commas between, all, or none, which is the
// label after the last and what a model that was trained with dropout of labels makes without one. Empty
// without words. Error when one is no class of the model, or it has none.
std::vector<int64_t> labels_of(const Telling& telling, const Model& model);

// The numbers that the words name for `count` samples, float [count, names of the model]: sample i takes
// number i modulo how many there are of a name; not a number for names that are not told. Undefined for a
// model that is told none. Error for names that it is not told, and for what is no number.
Tensor values_of(const Telling& telling, const Model& model, int64_t count);

// For `count` samples: sample i takes the label, the number and the file i modulo how many there are. Error,
// with one line on what is missing, when the model needs what was not given, or the other way round.
Told told_by(const Telling& telling, const Model& model, int64_t count);

// The same where rows stand for samples of a data set and their labels, which are -1 or undefined where there
// are none, of classes of these names, where they are known: what the words do not say comes from them, by
// name. Error for a class that the model does not know.
Told told_by(const Telling& telling, const Model& model, const State& samples, const Tensor& label,
             const ClassNames& classes = {});

}  // namespace steer

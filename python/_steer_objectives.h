// Objectives as Python holds them: sums of words, tensors and callables, made for the samples that they meet.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "python/_steer.h"
#include "steer/objectives/context.h"
#include "steer/objectives/objective.h"
#include "steer/objectives/vocabulary.h"

namespace steer {

// A term of a sum, for samples that are not known yet.
struct WishedTerm {
  double weight = 1;                                                             // finite, not 0
  std::function<std::unique_ptr<Objective>(const ObjectiveContext&)> make = {};  // on the context's device
  std::string words = {};  // as a user would write it, without weight
  bool plain = false;      // whether the words alone say all of it
};

// What is wanted: the class steer.Objective.
class Wish {
 public:
  explicit Wish(std::vector<WishedTerm> terms) : terms_(std::move(terms)) {}

  // "0.5*label(3, classifier=judge) + brightness()".
  std::string words() const;
  // Whether a recipe may hold the words.
  bool plain() const;
  const std::vector<WishedTerm>& terms() const { return terms_; }

  // The objective for samples of a context. Errors as make_objective and those of callables.
  std::unique_ptr<Objective> make(const ObjectiveContext& context) const;
  // The same, kept for the next call with an equal context.
  std::shared_ptr<const Objective> kept(const ObjectiveContext& context) const;

 private:
  std::vector<WishedTerm> terms_;
  mutable std::mutex mutex_;
  mutable std::string kept_for_;
  mutable std::shared_ptr<const Objective> kept_;
};

// Tensors that words name in place of files: [C, H, W] or [T, C, H, W] in [-1, 1].
using NamedImages = std::map<std::string, Tensor>;

// The wish that words describe. Error, with the column, for what the grammar or the vocabulary does not know.
std::shared_ptr<Wish> wish_of_words(const std::string& words, const NamedImages& images = {});

// A wish for what takes words alone: terms that words do not tell become words of their own, by which they
// are known while an OwnWords of them lives (modalities/own_words.h).
struct WrittenWish {
  std::string words;
  std::vector<Word> own;  // none where the words tell all
};
// `taken`: names that others of the same work have.
WrittenWish written(const Wish& wish, const std::vector<Word>& taken = {});

// A steer.Objective, or words; null of None. TypeError for anything else.
std::shared_ptr<Wish> wish_of_python(const py::handle& value);

// The words that take tensors, modules and numbers: functions of the module, _steer_words.cpp.
void bind_words(py::module_& m);

}  // namespace steer

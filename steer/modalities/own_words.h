// Words for objectives that text cannot hold, such as functions of another language: known for a while, to
// the thread that brings them.
#pragma once

#include <vector>

#include "steer/objectives/vocabulary.h"

namespace steer {

// While it lives, make_objective() of this thread knows these words beside those of the tables, and takes one
// of them before another of its name. Everything that takes an objective in words - evaluating, searching,
// comparing - takes them so. The innermost alone counts.
class OwnWords {
 public:
  // Names as the grammar reads them (objectives/syntax.h), each once.
  explicit OwnWords(std::vector<Word> words);
  ~OwnWords();
  OwnWords(const OwnWords&) = delete;
  OwnWords& operator=(const OwnWords&) = delete;

 private:
  std::vector<Word> words_;
  const std::vector<Word>* before_;
};

// The words that this thread has of its own, before those of a vocabulary.
Vocabulary with_own_words(const Vocabulary& vocabulary);

}  // namespace steer

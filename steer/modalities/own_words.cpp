#include "steer/modalities/own_words.h"

#include <utility>

namespace steer {
namespace {

thread_local const std::vector<Word>* own_words = nullptr;

}  // namespace

OwnWords::OwnWords(std::vector<Word> words)
    : words_(std::move(words)), before_(std::exchange(own_words, &words_)) {}

OwnWords::~OwnWords() {
  own_words = before_;
}

Vocabulary with_own_words(const Vocabulary& vocabulary) {
  if (!own_words) return vocabulary;
  Vocabulary all;
  for (const Word& word : *own_words) all.push_back(&word);
  all.insert(all.end(), vocabulary.begin(), vocabulary.end());
  return all;
}

}  // namespace steer

#include "steer/image/words.h"

#include <utility>

#include "steer/image/likeness_words.h"
#include "steer/image/measurement_words.h"

namespace steer {

const std::vector<Word>& image_words() {
  static const std::vector<Word> words = [] {
    std::vector<Word> all = measurement_words();
    for (Word& word : likeness_words()) all.push_back(std::move(word));
    return all;
  }();
  return words;
}

}  // namespace steer

// What texts are like, by measures that need no network.
#pragma once

#include <string>
#include <vector>

#include "steer/text/tokenizer.h"

namespace steer {

// Of texts together; words are runs of letters and apostrophes, in small letters where they are ASCII.
struct TextMeasures {
  double entropy = 0;   // of the characters of a text, in bits, the mean over texts: low where texts repeat
  double distinct = 0;  // share of 4-grams of characters that are different ones
  double known_words = 0;  // share of words that the other texts have too
};

// Of `texts`, with the words of `others` as known ones.
TextMeasures text_measures(const std::vector<std::string>& texts, const std::vector<std::string>& others);

}  // namespace steer

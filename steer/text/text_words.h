// The words that objectives about text are made of.
#pragma once

#include <vector>

#include "steer/objectives/vocabulary.h"

namespace steer {

// All of them.
const std::vector<Word>& text_words();

}  // namespace steer

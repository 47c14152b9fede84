// The words that suit every kind of sample.
#pragma once

#include "steer/objectives/vocabulary.h"

namespace steer {

// gaussian, label, certain, program and rank.
const std::vector<Word>& common_words();

}  // namespace steer

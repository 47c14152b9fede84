// The words that objectives about molecules are made of.
#pragma once

#include <vector>

#include "steer/objectives/vocabulary.h"

namespace steer {

// Their table.
const std::vector<Word>& molecule_words();

}  // namespace steer

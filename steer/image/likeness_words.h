// The words of objectives that ask how like an image or a text a sample is.
#pragma once

#include <vector>

#include "steer/objectives/vocabulary.h"

namespace steer {

// edges, canny, style, gram and text.
std::vector<Word> likeness_words();

}  // namespace steer

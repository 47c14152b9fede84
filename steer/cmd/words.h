// The words of objectives as text for people.
#pragma once

#include <string>

namespace steer {

// The help of commands that take an objective: a line for each word, then how words are summed. Lines end by
// column 110.
std::string words_help();

}  // namespace steer

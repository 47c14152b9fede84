#include "steer/picture/colour.h"

#include <algorithm>
#include <cctype>

#include "steer/core/check.h"

namespace steer {

Colour colour_of(const std::string& words) {
  if (words == "white") return kWhite;
  if (words == "black") return {0, 0, 0};
  if (words == "grey" || words == "gray") return {128, 128, 128};
  const bool digits =
      words.size() == 7 && words[0] == '#' &&
      std::all_of(words.begin() + 1, words.end(), [](unsigned char letter) { return std::isxdigit(letter); });
  STEER_CHECK(digits, "[colour] expected white, black, grey or #rrggbb but got ", words);
  const auto two = [&](size_t at) {
    return static_cast<uint8_t>(std::stoi(words.substr(at, 2), nullptr, 16));
  };
  return {two(1), two(3), two(5)};
}

}  // namespace steer

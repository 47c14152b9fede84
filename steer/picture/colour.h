// A colour in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace steer {

// Red, green and blue, 0 to 255.
using Colour = std::array<uint8_t, 3>;

// What pictures are laid over unless another colour is asked for.
constexpr Colour kWhite = {255, 255, 255};

// white, black, grey (gray), or #rrggbb in hexadecimal digits. Error for anything else.
Colour colour_of(const std::string& words);

}  // namespace steer

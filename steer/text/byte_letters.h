// Bytes written as visible letters, as byte-level tokenizers write them (Radford et al. 2019): printable
// Latin-1 stands for itself, the other 68 bytes for U+0100 and the letters after it, in their order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace steer {

// All bytes in the order of their letters: those that stand for themselves, then the others. It is the order
// of the first 256 tokens of GPT-2.
const std::array<unsigned char, 256>& bytes_by_letter();

// The bytes as UTF-8 text of their letters: " a" is "\u0120a".
std::string letters_of(std::string_view bytes);

// Back. Error, which begins with `what`, for text with another letter.
std::string bytes_of_letters(std::string_view letters, const std::string& what);

}  // namespace steer

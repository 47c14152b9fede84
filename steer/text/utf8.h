// Text as Unicode code points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steer {

// One code point of a text.
struct CodePoint {
  char32_t value;  // 0 to 0x10FFFF, no surrogate
  size_t at;       // its first byte
  size_t bytes;    // 1 to 4
};

// The code points of a text. Error, which begins with `what` and tells the first byte that is wrong, for
// bytes that are no UTF-8 (RFC 3629: overlong forms and surrogates are none).
std::vector<CodePoint> code_points(std::string_view text, const std::string& what);

// Whether a byte of UTF-8 begins a character; and how many characters a text has, of any bytes those that do.
inline bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}
int64_t characters_in(std::string_view text);

// One code point as UTF-8.
std::string utf8_of(char32_t value);

// "U+00E9" with the character behind it in quotes where it can be seen, for people.
std::string code_point_text(char32_t value);

}  // namespace steer

#include "steer/text/utf8.h"

#include <algorithm>

#include <fmt/format.h>

#include "steer/core/check.h"

namespace steer {
namespace {

// How many bytes the character that begins so has; 0 for a byte that begins none.
size_t length_by_first(unsigned char first) {
  return first < 0x80                    ? 1
         : first >= 0xC2 && first < 0xE0 ? 2
         : first >= 0xE0 && first < 0xF0 ? 3
         : first >= 0xF0 && first < 0xF5 ? 4
                                         : 0;
}

// The code point at `at`, or one of no bytes.
CodePoint read_code_point(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t bytes = length_by_first(first);
  if (bytes == 0 || text.size() - at < bytes) return {0, at, 0};
  if (bytes == 1) return {first, at, 1};
  char32_t value = first & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {0, at, 0};
    value = value << 6 | (next & 0x3F);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool none = (value >= 0xD800 && value < 0xE000) || value > 0x10FFFF;
  return {value, at, overlong || none ? 0 : bytes};
}

}  // namespace

std::vector<CodePoint> code_points(std::string_view text, const std::string& what) {
  std::vector<CodePoint> points;
  points.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = read_code_point(text, at);
    STEER_CHECK(point.bytes > 0, what, ": expected UTF-8 text but byte ", at, " is ",
                fmt::format("0x{:02x}", static_cast<unsigned char>(text[at])));
    points.push_back(point);
    at += point.bytes;
  }
  return points;
}

int64_t characters_in(std::string_view text) {
  return std::count_if(text.begin(), text.end(), begins_character);
}

std::string utf8_of(char32_t value) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (value >> shift & 0x3F)); };
  if (value < 0x80) return {static_cast<char>(value)};
  if (value < 0x800) return {static_cast<char>(0xC0 | value >> 6), tail(0)};
  if (value < 0x10000) return {static_cast<char>(0xE0 | value >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | value >> 18), tail(12), tail(6), tail(0)};
}

std::string code_point_text(char32_t value) {
  std::string text = fmt::format("U+{:04X}", static_cast<uint32_t>(value));
  // Controls of ASCII and Latin-1 have nothing to show.
  if (value > 0x20 && (value < 0x7F || value > 0xA0)) text += " '" + utf8_of(value) + "'";
  return text;
}

}  // namespace steer

#include "steer/core/check.h"

namespace steer {
namespace {

std::string one_line(const std::string& text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string line;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\n' || letter == '\t' || letter == '\r')
      line += ' ';
    else if (byte < 0x20 || byte == 0x7f)
      line += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    else
      line += letter;
  }
  if (line.size() <= kLongestError) return line;
  constexpr size_t kEnd = kLongestError / 4;
  return line.substr(0, kLongestError - kEnd - 5) + " ... " + line.substr(line.size() - kEnd);
}

}  // namespace

Error::Error(const std::string& text) : std::runtime_error(one_line(text)) {}

}  // namespace steer

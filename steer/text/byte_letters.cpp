#include "steer/text/byte_letters.h"

#include "steer/core/check.h"
#include "steer/text/utf8.h"

namespace steer {
namespace {

bool stands_for_itself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr char32_t kFirstLetter = 0x100;
constexpr int kOthers = 68;  // bytes that do not stand for themselves

struct Letters {
  std::array<char32_t, 256> letter;             // of each byte
  std::array<unsigned char, 256> byte_by_rank;  // those that stand for themselves, then the others
  std::array<unsigned char, kOthers> other;     // the byte of kFirstLetter + i
};

const Letters& letters() {
  static const Letters table = [] {
    Letters made{};
    size_t rank = 0, others = 0;
    for (int byte = 0; byte < 256; ++byte) {
      const auto at = static_cast<size_t>(byte);
      if (stands_for_itself(byte)) {
        made.letter[at] = static_cast<char32_t>(byte);
        made.byte_by_rank[rank++] = static_cast<unsigned char>(byte);
      } else {
        made.letter[at] = kFirstLetter + static_cast<char32_t>(others);
        made.other[others++] = static_cast<unsigned char>(byte);
      }
    }
    for (const unsigned char byte : made.other) made.byte_by_rank[rank++] = byte;
    return made;
  }();
  return table;
}

}  // namespace

const std::array<unsigned char, 256>& bytes_by_letter() {
  return letters().byte_by_rank;
}

std::string letters_of(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += utf8_of(letters().letter[static_cast<unsigned char>(byte)]);
  return text;
}

std::string bytes_of_letters(std::string_view text, const std::string& what) {
  std::string bytes;
  for (const CodePoint& point : code_points(text, what)) {
    const char32_t letter = point.value;
    const bool itself = letter < kFirstLetter && stands_for_itself(static_cast<int>(letter));
    STEER_CHECK(itself || (letter >= kFirstLetter && letter < kFirstLetter + kOthers), what,
                ": expected letters of bytes but got ", code_point_text(letter));
    bytes += static_cast<char>(itself ? letter : letters().other[letter - kFirstLetter]);
  }
  return bytes;
}

}  // namespace steer

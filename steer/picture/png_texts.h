// Texts inside PNG files, beside the pixels: what a picture shows, or what it was made with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace steer {

// The most bytes that all keys and texts of a PNG may have together, compressed ones after unpacking. libpng
// reads no larger chunk.
constexpr size_t kMaxPngTextBytes = 8000000;

// A text and the key that names it. Several texts may have one key.
struct PngText {
  std::string key;   // 1 to 79 printable characters of Latin-1, in UTF-8; single blanks only, none at an end
  std::string text;  // UTF-8 without zero bytes
  bool latin1 = false;  // stored as tEXt, the oldest form, if all its characters are in Latin-1; else as iTXt
};

// The PNG with these texts before its pixels, in their order, not compressed; without texts the same bytes.
// Error for keys and texts that are not as PngText and kMaxPngTextBytes say.
std::string with_texts(std::string_view png, const std::vector<PngText>& texts);

// The texts of a PNG, tEXt, zTXt and iTXt, wherever they stand, in the order of the file; `latin1` is set for
// the former two. Languages and translated keys are left out. `name` stands in errors. Error for what is no
// PNG, is cut off or changed, or holds more than kMaxPngTextBytes; pixels are not unpacked.
std::vector<PngText> decode_png_texts(std::string_view bytes, const std::string& name);
std::vector<PngText> png_texts(const std::string& path);

}  // namespace steer

#include "steer/picture/orientation.h"

#include <cstdint>
#include <optional>

namespace steer {
namespace {

constexpr uint32_t kOrientationTag = 0x0112, kShort = 3;

// Numbers of TIFF data, in the order of bytes that their first two name.
class TiffNumbers {
 public:
  explicit TiffNumbers(std::string_view bytes)
      : bytes_(bytes), little_(bytes.substr(0, 2) == "II"), known_(little_ || bytes.substr(0, 2) == "MM") {}

  std::optional<uint32_t> at(size_t place, size_t count) const {
    if (!known_ || place > bytes_.size() || bytes_.size() - place < count) return {};
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i)
      value = value << 8 | static_cast<uint8_t>(bytes_[little_ ? place + count - 1 - i : place + i]);
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_, known_;
};

}  // namespace

int orientation_in(std::string_view exif) {
  constexpr std::string_view kStart("Exif\0\0", 6);
  if (exif.substr(0, kStart.size()) == kStart) exif.remove_prefix(kStart.size());
  const TiffNumbers numbers(exif);
  if (numbers.at(2, 2).value_or(0) != 42) return 1;
  const size_t directory = numbers.at(4, 4).value_or(0);
  const uint32_t entries = numbers.at(directory, 2).value_or(0);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    if (numbers.at(entry, 2) != kOrientationTag) continue;
    const uint32_t value = numbers.at(entry + 8, 2).value_or(1);
    return numbers.at(entry + 2, 2) == kShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Tensor upright(const Tensor& picture, int orientation) {
  constexpr int64_t kRows = 1, kColumns = 2;
  const Tensor turned = orientation >= 5 ? picture.transpose(kRows, kColumns) : picture;
  switch (orientation) {
    case 2:
    case 6:
      return turned.flip(kColumns);
    case 3:
    case 7:
      return turned.flip({kRows, kColumns});
    case 4:
    case 8:
      return turned.flip(kRows);
    default:
      return turned.contiguous();
  }
}

}  // namespace steer

#include "steer/ddn/code_index.h"

#include <zlib.h>

#include <cstring>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr std::string_view kMagic(
    "\x89"
    "DDI\r\n\x1a\n",
    8);
constexpr uint64_t kVersion = 1;
constexpr size_t kHeaderBytes = 10, kSumBytes = 4, kMaxWord = 65535;
constexpr int64_t kMaxSide = 255;

void append(std::string& bytes, uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
}

uint64_t number(std::string_view bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

uint64_t checksum(std::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

// Takes what lies one after the other, never beyond the end.
class Parts {
 public:
  Parts(std::string_view bytes, const std::string& what) : bytes_(bytes), what_(what) {}

  std::string_view next(size_t length_bytes) {
    STEER_CHECK(bytes_.size() >= length_bytes, what_, "expected ", length_bytes,
                " bytes of a length but got ", bytes_.size(), " (cut off?)");
    const size_t size = number(bytes_, 0, length_bytes);
    bytes_.remove_prefix(length_bytes);
    return take(size);
  }
  std::string_view take(size_t size) {
    STEER_CHECK(bytes_.size() >= size, what_, "expected ", size, " more bytes but got ", bytes_.size(),
                " (cut off?)");
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }
  void finish() const {
    STEER_CHECK(bytes_.empty(), what_, "expected its end but got ", bytes_.size(), " more bytes");
  }

 private:
  std::string_view bytes_;
  const std::string& what_;
};

}  // namespace

std::string write_index(const CodeIndex& index) {
  std::string bytes(kMagic);
  append(bytes, kVersion, 2);
  for (const std::string& word : {index.data, index.split, index.fit}) {
    STEER_CHECK(word.size() <= kMaxWord, "[write_index] expected words of at most ", kMaxWord,
                " bytes but got ", word.size());
    append(bytes, word.size(), 2);
    bytes += word;
  }
  const std::string codes = write_codes(index.codes);
  append(bytes, codes.size(), 4);
  bytes += codes;
  const Tensor& sketch = index.sketch;
  STEER_CHECK(sketch.defined() && sketch.dim() == 4 && sketch.scalar_type() == torch::kUInt8 &&
                  sketch.size(0) == index.codes.code.size(0) && sketch.size(1) >= 1 &&
                  sketch.size(1) <= kMaxSide && sketch.size(2) >= 1 && sketch.size(2) <= kMaxSide &&
                  sketch.size(2) == sketch.size(3),
              "[write_index] expected uint8 sketches [", index.codes.code.size(0), ", C, S, S] but got ",
              sketch.defined() ? shape_text(sketch.sizes()) : "none");
  append(bytes, static_cast<uint64_t>(sketch.size(1)), 1);
  append(bytes, static_cast<uint64_t>(sketch.size(2)), 1);
  const Tensor pixels = sketch.cpu().contiguous();
  bytes.append(reinterpret_cast<const char*>(pixels.data_ptr<uint8_t>()), pixels.nbytes());
  append(bytes, checksum(bytes), kSumBytes);
  return bytes;
}

CodeIndex read_index(std::string_view bytes, const std::string& name) {
  const std::string what = joined("[read_index] ", name, ": ");
  STEER_CHECK(bytes.substr(0, kMagic.size()) == kMagic, what,
              "expected an index of codes but got another kind");
  STEER_CHECK(bytes.size() >= kHeaderBytes + kSumBytes, what, "expected a header of ", kHeaderBytes,
              " bytes and a checksum but got ", bytes.size(), " bytes (cut off?)");
  STEER_CHECK(number(bytes, kMagic.size(), 2) == kVersion, what, "expected format version ", kVersion,
              " but got ", number(bytes, kMagic.size(), 2));
  const size_t end = bytes.size() - kSumBytes;
  STEER_CHECK(number(bytes, end, kSumBytes) == checksum(bytes.substr(0, end)), what,
              "expected its checksum to agree with its bytes (cut off or damaged?)");
  Parts parts(bytes.substr(kHeaderBytes, end - kHeaderBytes), what);
  CodeIndex index;
  for (std::string* word : {&index.data, &index.split, &index.fit}) *word = parts.next(2);
  index.codes = read_codes(parts.next(4), name);
  const auto codes = index.codes.code.size(0);
  const auto channels = static_cast<int64_t>(number(parts.take(1), 0, 1));
  const auto side = static_cast<int64_t>(number(parts.take(1), 0, 1));
  STEER_CHECK(channels >= 1 && side >= 1, what, "expected sketches of at least one pixel");
  const std::string_view pixels = parts.take(static_cast<size_t>(codes * channels * side * side));
  index.sketch = at::empty({codes, channels, side, side}, torch::kUInt8);
  std::memcpy(index.sketch.data_ptr<uint8_t>(), pixels.data(), pixels.size());
  parts.finish();
  return index;
}

}  // namespace steer

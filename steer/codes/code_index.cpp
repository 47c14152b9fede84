#include "steer/codes/code_index.h"

#include <cstring>

#include "steer/codes/binary_fields.h"
#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr std::string_view kIndexMagic(
    "\x89"
    "DDI\r\n\x1a\n",
    8);
constexpr uint64_t kIndexVersion = 1;
constexpr size_t kIndexHeaderBytes = 10, kMaxWord = 65535;
constexpr int64_t kMaxSketchSide = 255;

// Takes what lies one after the other, never beyond the end.
class Parts {
 public:
  Parts(std::string_view bytes, const std::string& what) : bytes_(bytes), what_(what) {}

  std::string_view next(size_t length_bytes) {
    STEER_CHECK(bytes_.size() >= length_bytes, what_, "expected ", length_bytes,
                " bytes of a length but got ", bytes_.size(), " (cut off?)");
    const size_t size = number_at(bytes_, 0, length_bytes);
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
  std::string bytes(kIndexMagic);
  append_number(bytes, kIndexVersion, 2);
  for (const std::string& word : {index.data, index.split, index.fit}) {
    STEER_CHECK(word.size() <= kMaxWord, "[write_index] expected words of at most ", kMaxWord,
                " bytes but got ", word.size());
    append_number(bytes, word.size(), 2);
    bytes += word;
  }
  const std::string codes = write_codes(index.codes);
  append_number(bytes, codes.size(), 4);
  bytes += codes;
  const Tensor& sketch = index.sketch;
  STEER_CHECK(sketch.defined() && sketch.dim() == 4 && sketch.scalar_type() == torch::kUInt8 &&
                  sketch.size(0) == index.codes.code.size(0) && sketch.size(1) >= 1 &&
                  sketch.size(1) <= kMaxSketchSide && sketch.size(2) >= 1 &&
                  sketch.size(2) <= kMaxSketchSide && sketch.size(2) == sketch.size(3),
              "[write_index] expected uint8 sketches [", index.codes.code.size(0), ", C, S, S] but got ",
              sketch.defined() ? shape_text(sketch.sizes()) : "none");
  append_number(bytes, static_cast<uint64_t>(sketch.size(1)), 1);
  append_number(bytes, static_cast<uint64_t>(sketch.size(2)), 1);
  const Tensor pixels = sketch.cpu().contiguous();
  bytes.append(reinterpret_cast<const char*>(pixels.data_ptr<uint8_t>()), pixels.nbytes());
  append_checksum(bytes);
  return bytes;
}

bool begins_index(std::string_view bytes) {
  return bytes.substr(0, kIndexMagic.size()) == kIndexMagic;
}

CodeIndex read_index(std::string_view bytes, const std::string& name) {
  const std::string what = joined("[read_index] ", name, ": ");
  STEER_CHECK(bytes.substr(0, kIndexMagic.size()) == kIndexMagic, what,
              "expected an index of codes but got another kind");
  STEER_CHECK(bytes.size() >= kIndexHeaderBytes + kSumBytes, what, "expected a header of ", kIndexHeaderBytes,
              " bytes and a checksum but got ", bytes.size(), " bytes (cut off?)");
  STEER_CHECK(number_at(bytes, kIndexMagic.size(), 2) == kIndexVersion, what, "expected format version ",
              kIndexVersion, " but got ", number_at(bytes, kIndexMagic.size(), 2));
  STEER_CHECK(checksum_agrees(bytes), what,
              "expected its checksum to agree with its bytes (cut off or damaged?)");
  Parts parts(bytes.substr(kIndexHeaderBytes, bytes.size() - kIndexHeaderBytes - kSumBytes), what);
  CodeIndex index;
  for (std::string* word : {&index.data, &index.split, &index.fit}) *word = parts.next(2);
  index.codes = read_codes(parts.next(4), name);
  const auto codes = index.codes.code.size(0);
  const auto channels = static_cast<int64_t>(number_at(parts.take(1), 0, 1));
  const auto side = static_cast<int64_t>(number_at(parts.take(1), 0, 1));
  STEER_CHECK(channels >= 1 && side >= 1, what, "expected sketches of at least one pixel");
  const std::string_view pixels = parts.take(static_cast<size_t>(codes * channels * side * side));
  index.sketch = at::empty({codes, channels, side, side}, torch::kUInt8);
  std::memcpy(index.sketch.data_ptr<uint8_t>(), pixels.data(), pixels.size());
  parts.finish();
  return index;
}

}  // namespace steer
